/* SPDX-License-Identifier: MIT */
/* scalar_double.c: five bodies that attract each other: sums, products, quotients and square roots of
 * doubles. */
#include <math.h>
#include <string.h>

#include "bench.h"

#define BODIES 5

static struct body {
	double x[3], v[3], mass;
} bodies[BODIES];

static void step(double dt)
{
	for (int i = 0; i < BODIES; i++) {
		struct body *a = &bodies[i];

		for (int k = i + 1; k < BODIES; k++) {
			struct body *b = &bodies[k];
			double dx = a->x[0] - b->x[0], dy = a->x[1] - b->x[1], dz = a->x[2] - b->x[2];
			double square = dx * dx + dy * dy + dz * dz + 0.01;
			double force = dt / (square * __builtin_sqrt(square));

			a->v[0] -= dx * b->mass * force;
			a->v[1] -= dy * b->mass * force;
			a->v[2] -= dz * b->mass * force;
			b->v[0] += dx * a->mass * force;
			b->v[1] += dy * a->mass * force;
			b->v[2] += dz * a->mass * force;
		}
	}
	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++)
			bodies[i].x[k] += dt * bodies[i].v[k];
}

uint64_t bench_scalar_double(uint64_t n)
{
	uint64_t sum = 0, bits;

	for (int i = 0; i < BODIES; i++)
		bodies[i] = (struct body){.x = {i * 1.5, 3 - i, 0.25 * i * i},
					  .v = {0.1 * i, 0.3, -0.05 * i},
					  .mass = 1.0 / (i + 1)};
	bench_start();
	for (uint64_t i = 0; i < n; i++)
		step(0.001);
	bench_stop();
	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++) {
			memcpy(&bits, &bodies[i].x[k], sizeof(bits));
			sum = bench_sum(sum, bits);
		}
	return sum;
}
