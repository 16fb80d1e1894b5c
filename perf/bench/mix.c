/* SPDX-License-Identifier: MIT */
/* mix.c: what programs do with integers: linked lists, a small matrix, a state machine over text, a 16-bit
 * CRC. */
#include "bench.h"

#define NODES 400u
#define SIDE 24u
#define TEXT 2000u

struct node {
	struct node *next;
	int16_t key, value;
};

static struct node nodes[NODES];
static int16_t a[SIDE][SIDE], b[SIDE][SIDE];
static int32_t c[SIDE][SIDE];
static char text[TEXT + 1];

static uint16_t crc16(uint16_t crc, uint32_t v)
{
	for (int i = 0; i < 16; i++, v >>= 1)
		crc = (uint16_t)(crc >> 1 ^ ((crc ^ v) & 1 ? 0xa001 : 0));
	return crc;
}

/* Merge sort from the bottom up. */
static struct node *sort_list(struct node *list, int by_value)
{
	for (uint32_t width = 1;; width *= 2) {
		struct node *p = list, *head = 0, **tail = &head;
		uint32_t merges = 0;

		while (p) {
			struct node *q = p;
			uint32_t left = 0, right = width;

			merges++;
			for (; left < width && q; left++)
				q = q->next;
			while (left || (right && q)) {
				int from_left =
					left && (!right || !q ||
						 (by_value ? p->value <= q->value : p->key <= q->key));
				struct node **from = from_left ? &p : &q;

				*tail = *from;
				tail = &(*from)->next;
				*from = *tail;
				if (from_left)
					left--;
				else
					right--;
			}
			p = q;
		}
		*tail = 0;
		list = head;
		if (merges <= 1)
			return list;
	}
}

static struct node *reverse(struct node *list)
{
	struct node *done = 0;

	while (list) {
		struct node *next = list->next;

		list->next = done;
		done = list;
		list = next;
	}
	return done;
}

static uint16_t lists(uint16_t crc, uint32_t round)
{
	struct node *list = nodes, *p;

	for (uint32_t i = 0; i < NODES; i++) {
		nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : 0;
		nodes[i].value = (int16_t)(nodes[i].value * 31 + (int16_t)round);
	}
	list = reverse(sort_list(list, 1));
	for (uint32_t want = 0; want < 20; want++) {
		for (p = list; p && p->key != (int16_t)(want * 17); p = p->next)
			;
		crc = crc16(crc, p ? (uint16_t)p->value : want);
	}
	list = sort_list(list, 0);
	return crc16(crc, (uint16_t)list->value);
}

static uint16_t matrix(uint16_t crc, int32_t k)
{
	for (uint32_t i = 0; i < SIDE; i++)
		for (uint32_t j = 0; j < SIDE; j++) {
			int32_t sum = k;

			for (uint32_t x = 0; x < SIDE; x++)
				sum += a[i][x] * b[x][j];
			c[i][j] = sum;
		}
	for (uint32_t i = 0; i < SIDE; i++) {
		crc = crc16(crc, (uint32_t)c[i][(i * 7) % SIDE]);
		a[i][(i + 3) % SIDE] = (int16_t)(c[i][i] >> 5);
	}
	return crc;
}

enum state { START, SIGN, WHOLE, POINT, EXPONENT, WRONG, STATES };

static uint16_t parse(uint16_t crc)
{
	uint32_t seen[STATES] = {0};
	enum state s = START;

	for (const char *p = text; *p; p++) {
		char ch = *p;

		if (ch == ',') {
			seen[s]++;
			s = START;
			continue;
		}
		switch (s) {
		case START:
			s = ch == '+' || ch == '-'   ? SIGN
			    : ch >= '0' && ch <= '9' ? WHOLE
			    : ch == '.'              ? POINT
						     : WRONG;
			break;
		case SIGN:
		case WHOLE:
			s = ch >= '0' && ch <= '9' ? WHOLE : ch == '.' ? POINT : ch == 'e' ? EXPONENT : WRONG;
			break;
		case POINT:
			s = ch >= '0' && ch <= '9' ? POINT : ch == 'e' ? EXPONENT : WRONG;
			break;
		case EXPONENT:
			s = ch >= '0' && ch <= '9' ? EXPONENT : WRONG;
			break;
		default:
			break;
		}
	}
	for (uint32_t i = 0; i < STATES; i++)
		crc = crc16(crc, seen[i]);
	return crc;
}

uint64_t bench_mix(uint64_t n)
{
	static const char digits[] = "0123456789+-.e,,x";
	uint64_t x = 11;
	uint16_t crc = 0;

	for (uint32_t i = 0; i < NODES; i++) {
		nodes[i].key = (int16_t)((i * 37) % NODES);
		nodes[i].value = (int16_t)bench_random(&x);
	}
	for (uint32_t i = 0; i < SIDE; i++)
		for (uint32_t j = 0; j < SIDE; j++) {
			a[i][j] = (int16_t)(bench_random(&x) & 1023);
			b[i][j] = (int16_t)(bench_random(&x) & 255);
		}
	for (uint32_t i = 0; i < TEXT; i++)
		text[i] = digits[bench_random(&x) % (i % 7 ? 10 : sizeof(digits) - 1)];
	bench_start();
	for (uint32_t i = 0; i < n; i++) {
		crc = lists(crc, i);
		crc = matrix(crc, (int32_t)i);
		crc = parse(crc);
		text[i % TEXT] = digits[crc % (sizeof(digits) - 1)];
	}
	bench_stop();
	return crc;
}
