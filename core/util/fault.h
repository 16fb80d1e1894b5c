/* SPDX-License-Identifier: MIT */
/* fault.h: the ways in which the process ends without the program's will; one place for all fatal signals. */
#ifndef UTIL_FAULT_H
#define UTIL_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
	FAULT_SIGNAL,     /* SIGSEGV and its like */
	FAULT_EXIT,       /* exit() was called */
	FAULT_QUICK_EXIT, /* quick_exit() */
	FAULT_EXIT_NOW,   /* _exit(), by a plugin */
};

struct fault {
	enum fault_kind kind;
	bool overflow;   /* SIGSEGV where the stack would go on */
	int number;      /* of the signal; the exit status */
	int sender;      /* the process that sent the signal, 0: none did */
	uintptr_t pc;    /* 0: unknown */
	uintptr_t stack; /* what is on the stack of the thread lies in [stack, top) and can be read; both 0:
			    unknown */
	uintptr_t top;
	uintptr_t address; /* that was accessed, with SIGSEGV and SIGBUS */
};

/* Async-signal-safe, both. */
struct fault_teller {
	void (*tell)(const struct fault *f);
	bool (*is_plugin)(uintptr_t pc);
	int status; /* the exit status after FAULT_*EXIT* */
};

/* From here to fault_end() each end of this process (not of its children) that one of the above brings is
 * told. A signal ends the process as it would without this. The teller is kept. */
void fault_begin(const struct fault_teller *teller);
void fault_end(void);
/* The same in a child of fork(), which has its own way to tell. */
void fault_adopt(void);

/* The process ends with `status`: actions of fault_at_end(), what stdio holds is written, and no code of a
 * plugin runs any more (destructors of its library, which could end the process with another status, or
 * hang). */
_Noreturn void fault_leave(int status);

/* Done before anything is told: async-signal-safe, short. At most four; again the same one is ignored. */
void fault_at_end(void (*action)(void));

/* Around the life of each thread: a stack for the handler, so that an overflow of the other one can be told.
 */
struct fault_thread {
	void *stack;
};
void fault_thread_begin(struct fault_thread *t, const void *top);
void fault_thread_end(struct fault_thread *t);

#endif
