/* SPDX-License-Identifier: MIT */
/*
 * jitdump FILE PID: reads a jitdump file as tools/perf/Documentation/jitdump-specification.txt describes it,
 * and prints "NAME ADDRESS SIZE FIRST-BYTE" for each piece of code. What is wrong with it is an error.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct header {
	uint32_t magic, version, size, machine, pad, pid;
	uint64_t timestamp, flags;
};
struct prefix {
	uint32_t id, size;
	uint64_t timestamp;
};
struct load {
	uint32_t pid, tid;
	uint64_t vma, address, size, index;
};

static void check(int held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "jitdump: %s\n", what);
	exit(1);
}

static void code(const uint8_t *body, size_t size, uint32_t pid, uint64_t index)
{
	struct load l;
	const char *name = (const char *)body + sizeof(l);
	size_t name_size;

	check(size > sizeof(l), "a JIT_CODE_LOAD is too short");
	memcpy(&l, body, sizeof(l));
	name_size = strnlen(name, size - sizeof(l)) + 1;
	check(sizeof(l) + name_size + l.size == size, "a JIT_CODE_LOAD has another size than its parts");
	check(l.pid == pid && l.tid, "a JIT_CODE_LOAD is of another process");
	check(l.vma == l.address, "code is at two addresses");
	check(l.index == index, "the code's numbers do not rise by one");
	printf("%s %" PRIx64 " %" PRIx64 " %02x\n", name, l.address, l.size, body[sizeof(l) + name_size]);
}

int main(int argc, char **argv)
{
	uint64_t index = 0, before = 0;
	struct header h;
	struct prefix p;
	uint32_t last = UINT32_MAX;
	FILE *f;

	check(argc == 3, "usage: jitdump FILE PID");
	f = fopen(argv[1], "rb");
	check(f && fread(&h, sizeof(h), 1, f) == 1, "the file has no header");
	check(h.magic == 0x4a695444 && h.version == 1 && h.size == sizeof(h) && !h.flags,
	      "the header is wrong");
	check(h.machine == EM_X86_64 || h.machine == EM_AARCH64, "the header's machine is wrong");
	check(h.pid == (uint32_t)atoi(argv[2]), "the header's process is wrong");
	while (fread(&p, sizeof(p), 1, f) == 1) {
		size_t size = p.size - sizeof(p);
		uint8_t *body = malloc(size + 1);

		check(body && p.size >= sizeof(p) && fread(body, 1, size, f) == size,
		      "a record is cut short");
		check(p.timestamp >= before && p.timestamp >= h.timestamp, "times do not rise");
		check(last != 3, "something follows JIT_CODE_CLOSE");
		before = p.timestamp;
		last = p.id;
		if (p.id == 0)
			code(body, size, h.pid, index++);
		else
			check(p.id == 3 && !size, "an unknown record");
		free(body);
	}
	check(feof(f) && last == 3, "the last record is no JIT_CODE_CLOSE");
	fclose(f);
	return 0;
}
