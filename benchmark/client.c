// SPDX-License-Identifier: BSD-2-Clause
/*
 * The benchmark's client. It runs where the system counter counts instructions
 * (QEMU -icount), so it needs no clock:
 *
 *	client [-k] ROUNDS ROW...
 *
 * does each row ROUNDS times and prints a line for each of them: its name, the
 * least, the median and the 99th percentile of the counts, then its histogram,
 * each count that was seen as COUNT*TIMES. A row is a name of the tables below, or
 * NAME:NUMBER. With -k what is counted is the kernel's own instructions: not user
 * space's, not EL2's and not the secure world's.
 *
 * As a system's first program it prints the counter and becomes /init.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <tee_client_api.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
/* Of the system counter: 16 ns each, as is an instruction with -icount shift=4. */
#define TICKS_PER_SECOND	62500000
#define PAGE		4096
#define ROUNDS_MAX	100000
#define SESSIONS_MAX	64
#define THREADS_MAX	4
#define OBJECT_SIZE	1024

/* What OP-TEE's own tests ship: a user's trusted application, and a pseudo one. */
static const TEEC_UUID storage_ta = {
	0xb689f2a7, 0x8adf, 0x477a,
	{ 0x9f, 0x99, 0x32, 0xe9, 0x0c, 0x0a, 0xd0, 0xa2 }
};

static const TEEC_UUID invoke_tests_pta = {
	0xd96a5b40, 0xc3e5, 0x21e3,
	{ 0x87, 0x94, 0x10, 0x02, 0xa5, 0xd5, 0xc6, 0x1b }
};

/* Of the storage application (optee_test 4.5.0, ta/storage/include/ta_storage.h). */
#define CMD_WRITE	3
#define CMD_CREATE	4
#define CMD_SEEK	5
#define CMD_UNLINK	6
#define STORAGE_PRIVATE	1u
#define ACCESS_WRITE	2u
#define WRITE_META	4u

/* A command that neither of them has: they refuse it and do nothing else. */
#define CMD_NONE	0xffffu

struct bench {
	TEEC_Context context;
	TEEC_Session session;
	TEEC_SharedMemory memory;
	TEEC_Session *many;
	const TEEC_UUID *uuid;
	void *buffer;
	size_t number;
	uint32_t object;
};

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("client: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void must(TEEC_Result result, const char *what)
{
	if (result != TEEC_SUCCESS)
		die("%s failed with 0x%x", what, result);
}

#ifdef __aarch64__
static uint64_t counter(void)
{
	uint64_t value;

	asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r" (value) : : "memory");

	return value;
}

static uint64_t ticks_per_second(void)
{
	uint64_t value;

	asm("mrs %0, cntfrq_el0" : "=r" (value));

	return value;
}
#else
static uint64_t counter(void)
{
	uint64_t value;

	asm volatile("isb\n\tmrrc p15, 1, %Q0, %R0, c14" : "=r" (value) : : "memory");

	return value;
}

static uint64_t ticks_per_second(void)
{
	uint32_t value;

	asm("mrc p15, 0, %0, c14, c0, 0" : "=r" (value));

	return value;
}
#endif

static int kernel_counter = -1;

static uint64_t kernel_instructions(void)
{
	uint64_t value;

	if (read(kernel_counter, &value, sizeof(value)) != sizeof(value))
		die("the kernel's counter cannot be read: %s", strerror(errno));

	return value;
}

static void open_kernel_counter(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_user = 1,
		.exclude_hv = 1,
		.pinned = 1,
	};

	kernel_counter = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	if (kernel_counter < 0)
		die("no counter of instructions here: %s", strerror(errno));
}

static void write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text))
		die("%s: %s", path, strerror(errno));
	close(file);
}

static void open_session(struct bench *b, TEEC_Session *session)
{
	must(TEEC_OpenSession(&b->context, session, b->uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL),
	     "opening a session");
}

/* Only the application itself refuses the command; anything else is an error. */
static void invoke_nothing(TEEC_Session *session, TEEC_Operation *op)
{
	uint32_t origin;
	TEEC_Result result = TEEC_InvokeCommand(session, CMD_NONE, op, &origin);

	if (origin != TEEC_ORIGIN_TRUSTED_APP)
		die("an invocation failed with 0x%x, origin %u", result, origin);
}

static void open_one(struct bench *b)
{
	open_session(b, &b->session);
}

static void close_one(struct bench *b)
{
	TEEC_CloseSession(&b->session);
}

static void open_and_close(struct bench *b)
{
	open_one(b);
	close_one(b);
}

static void invoke(struct bench *b)
{
	invoke_nothing(&b->session, NULL);
}

static void *allocate(size_t size)
{
	void *buffer;

	if (!size || size % PAGE)
		die("memory comes in pages of %d bytes, not %zu", PAGE, size);
	buffer = aligned_alloc(PAGE, size);
	if (!buffer)
		die("no memory");
	memset(buffer, 1, size);

	return buffer;
}

/* Neighbours in it are none in the machine: each second page is taken first. */
static void *allocate_scattered(size_t size)
{
	char *buffer;
	size_t n;

	/* The allocator writes beside the buffer, and has a huge page for both else. */
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		die("no scattered memory: %s", strerror(errno));
	buffer = aligned_alloc(PAGE, size);
	if (!buffer)
		die("no scattered memory: %s", strerror(errno));
	for (n = 0; n < size; n += 2 * PAGE)
		buffer[n] = 1;
	for (n = PAGE; n < size; n += 2 * PAGE)
		buffer[n] = 1;

	return buffer;
}

static void register_memory(struct bench *b, void *buffer)
{
	open_one(b);
	b->memory = (TEEC_SharedMemory) {
		.buffer = buffer,
		.size = b->number,
		.flags = TEEC_MEM_INPUT,
	};
	must(TEEC_RegisterSharedMemory(&b->context, &b->memory), "registering memory");
	/* What OP-TEE does not take, the library copies. */
	if (b->memory.imp.shadow_buffer)
		die("OP-TEE refuses this memory");
}

static void prepare_registered(struct bench *b)
{
	register_memory(b, allocate(b->number));
}

static void prepare_scattered(struct bench *b)
{
	register_memory(b, allocate_scattered(b->number));
}

static void invoke_registered(struct bench *b)
{
	TEEC_Operation op = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_WHOLE, TEEC_NONE, TEEC_NONE, TEEC_NONE),
		.params[0].memref = { .parent = &b->memory, .size = b->number },
	};

	invoke_nothing(&b->session, &op);
}

static void finish_registered(struct bench *b)
{
	void *buffer = b->memory.buffer;

	TEEC_ReleaseSharedMemory(&b->memory);
	free(buffer);
	close_one(b);
}

static void prepare_temporary(struct bench *b)
{
	open_one(b);
	b->buffer = allocate(b->number);
}

static void invoke_temporary(struct bench *b)
{
	TEEC_Operation op = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_NONE, TEEC_NONE,
					       TEEC_NONE),
		.params[0].tmpref = { .buffer = b->buffer, .size = b->number },
	};

	invoke_nothing(&b->session, &op);
}

static void finish_temporary(struct bench *b)
{
	free(b->buffer);
	close_one(b);
}

static void prepare_storage(struct bench *b)
{
	char name[] = "benchmark";
	char *data = calloc(1, OBJECT_SIZE);
	TEEC_Operation op = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INOUT,
					       TEEC_VALUE_INPUT, TEEC_MEMREF_TEMP_INPUT),
		.params = {
			{ .tmpref = { name, sizeof(name) } },
			{ .value = { ACCESS_WRITE | WRITE_META, 0 } },
			{ .value = { 0, STORAGE_PRIVATE } },
			{ .tmpref = { data, OBJECT_SIZE } },
		},
	};

	if (!data)
		die("no memory");
	open_one(b);
	must(TEEC_InvokeCommand(&b->session, CMD_CREATE, &op, NULL), "creating an object");
	b->object = op.params[1].value.b;
	b->buffer = data;
}

static void storage_write(struct bench *b)
{
	TEEC_Operation seek = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_VALUE_INOUT, TEEC_NONE,
					       TEEC_NONE),
		.params[0].value = { b->object, 0 },
	};
	TEEC_Operation write = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT, TEEC_NONE,
					       TEEC_NONE),
		.params = {
			{ .tmpref = { b->buffer, OBJECT_SIZE } },
			{ .value = { b->object, 0 } },
		},
	};

	must(TEEC_InvokeCommand(&b->session, CMD_SEEK, &seek, NULL), "seeking");
	must(TEEC_InvokeCommand(&b->session, CMD_WRITE, &write, NULL), "writing");
}

static void finish_storage(struct bench *b)
{
	TEEC_Operation op = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE),
		.params[0].value = { b->object, 0 },
	};

	must(TEEC_InvokeCommand(&b->session, CMD_UNLINK, &op, NULL), "removing the object");
	free(b->buffer);
	close_one(b);
}

/* The last one opened is the one that OP-TEE finds last. */
static void prepare_sessions(struct bench *b)
{
	size_t n;

	if (!b->number || b->number > SESSIONS_MAX)
		die("1 to %d sessions, not %zu", SESSIONS_MAX, b->number);
	b->many = calloc(b->number, sizeof(*b->many));
	if (!b->many)
		die("no memory");
	for (n = 0; n < b->number; n++)
		open_session(b, &b->many[n]);
}

static void invoke_last(struct bench *b)
{
	invoke_nothing(&b->many[b->number - 1], NULL);
}

static void finish_sessions(struct bench *b)
{
	size_t n;

	for (n = 0; n < b->number; n++)
		TEEC_CloseSession(&b->many[n]);
	free(b->many);
}

static void unbind_driver(struct bench *b)
{
	(void)b;
	write_file("/sys/bus/platform/drivers/optee/unbind", "firmware:optee");
}

static void bind_driver(struct bench *b)
{
	(void)b;
	write_file("/sys/bus/platform/drivers/optee/bind", "firmware:optee");
}

/**
 * struct row - something to be counted
 * @name:    what it is called by
 * @uuid:    of the application that it needs, if any
 * @prepare: done once, before, if anything
 * @between: done before each round, if anything
 * @once:    what is counted
 * @finish:  done once, after, if anything
 */
struct row {
	const char *name;
	const TEEC_UUID *uuid;
	void (*prepare)(struct bench *b);
	void (*between)(struct bench *b);
	void (*once)(struct bench *b);
	void (*finish)(struct bench *b);
};

static const struct row rows[] = {
	{ .name = "probe", .between = unbind_driver, .once = bind_driver },
	{ .name = "session-user", .uuid = &storage_ta, .once = open_and_close },
	{ .name = "session-pseudo", .uuid = &invoke_tests_pta, .once = open_and_close },
	{ .name = "invoke-user", .uuid = &storage_ta,
	  .prepare = open_one, .once = invoke, .finish = close_one },
	{ .name = "invoke-pseudo", .uuid = &invoke_tests_pta,
	  .prepare = open_one, .once = invoke, .finish = close_one },
	{ .name = "registered", .uuid = &storage_ta, .prepare = prepare_registered,
	  .once = invoke_registered, .finish = finish_registered },
	{ .name = "scattered", .uuid = &invoke_tests_pta, .prepare = prepare_scattered,
	  .once = invoke_registered, .finish = finish_registered },
	{ .name = "temporary", .uuid = &storage_ta, .prepare = prepare_temporary,
	  .once = invoke_temporary, .finish = finish_temporary },
	{ .name = "storage", .uuid = &storage_ta, .prepare = prepare_storage,
	  .once = storage_write, .finish = finish_storage },
	{ .name = "sessions", .uuid = &invoke_tests_pta, .prepare = prepare_sessions,
	  .once = invoke_last, .finish = finish_sessions },
};

static int by_value(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* Sorts the counts. */
static void report(const char *name, uint64_t *counts, size_t rounds)
{
	size_t n, start = 0;

	qsort(counts, rounds, sizeof(*counts), by_value);
	printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64, name, counts[0], counts[rounds / 2],
	       counts[(rounds * 99 - 1) / 100]);
	for (n = 1; n <= rounds; n++) {
		if (n < rounds && counts[n] == counts[start])
			continue;
		printf(" %" PRIu64 "*%zu", counts[start], n - start);
		start = n;
	}
	putchar('\n');
}

static void count_row(const struct row *row, const char *name, size_t number,
		      uint64_t (*count)(void), uint64_t *counts, size_t rounds)
{
	struct bench b = { .number = number, .uuid = row->uuid };
	size_t n;

	if (row->uuid)
		must(TEEC_InitializeContext(NULL, &b.context), "connecting to OP-TEE");
	if (row->prepare)
		row->prepare(&b);
	/* The first one warms up what is kept for the next. */
	for (n = 0; n <= rounds; n++) {
		uint64_t start;

		if (row->between)
			row->between(&b);
		start = count();
		row->once(&b);
		counts[n] = count() - start;
	}
	if (row->finish)
		row->finish(&b);
	if (row->uuid)
		TEEC_FinalizeContext(&b.context);
	report(name, counts + 1, rounds);
}

/* CALLS_UID with a tag, up to 256 times, from within the kernel: tests/smccall. */
static void count_fast_calls(const char *name, size_t tag, uint64_t *counts, size_t rounds)
{
	static const char path[] = "/sys/module/smccall/parameters/ticks";
	char command[64];
	FILE *file;
	size_t n;

	snprintf(command, sizeof(command), "%zu bf00ff01 %zx", rounds, tag);
	write_file(path, command);
	file = fopen(path, "r");
	for (n = 0; n < rounds; n++)
		if (!file || fscanf(file, "%" SCNu64, &counts[n]) != 1)
			die("%s says nothing", path);
	fclose(file);
	report(name, counts, rounds);
}

struct thread {
	pthread_t thread;
	pthread_barrier_t *barrier;
	struct bench bench;
	size_t rounds;
};

static void *invoke_all(void *argument)
{
	struct thread *t = argument;
	size_t n;

	invoke(&t->bench);
	pthread_barrier_wait(t->barrier);
	for (n = 0; n < t->rounds; n++)
		invoke(&t->bench);
	pthread_barrier_wait(t->barrier);

	return NULL;
}

/* One count for all: what the processors did together, an invocation. */
static void count_threads(const char *name, size_t number, size_t rounds)
{
	struct thread threads[THREADS_MAX] = { };
	pthread_barrier_t barrier;
	uint64_t counts[1], start;
	size_t n;

	if (!number || number > THREADS_MAX)
		die("1 to %d threads, not %zu", THREADS_MAX, number);
	if (pthread_barrier_init(&barrier, NULL, number + 1))
		die("no barrier");
	for (n = 0; n < number; n++) {
		struct bench *b = &threads[n].bench;

		b->uuid = &storage_ta;
		must(TEEC_InitializeContext(NULL, &b->context), "connecting to OP-TEE");
		open_one(b);
		threads[n].barrier = &barrier;
		threads[n].rounds = rounds;
		if (pthread_create(&threads[n].thread, NULL, invoke_all, &threads[n]))
			die("no thread");
	}
	pthread_barrier_wait(&barrier);
	start = counter();
	pthread_barrier_wait(&barrier);
	counts[0] = (counter() - start) / (number * rounds);
	for (n = 0; n < number; n++) {
		pthread_join(threads[n].thread, NULL);
		close_one(&threads[n].bench);
		TEEC_FinalizeContext(&threads[n].bench.context);
	}
	pthread_barrier_destroy(&barrier);
	report(name, counts, 1);
}

static bool is(const char *name, size_t length, const char *text)
{
	return strlen(name) == length && !strncmp(name, text, length);
}

static void do_row(const char *text, uint64_t (*count)(void), uint64_t *counts, size_t rounds)
{
	size_t length = strcspn(text, ":");
	size_t number = text[length] ? strtoul(text + length + 1, NULL, 10) : 0;
	size_t n;

	if (is("fast-call", length, text))
		return count_fast_calls(text, number, counts, rounds);
	if (is("threads", length, text))
		return count_threads(text, number, rounds);
	for (n = 0; n < ARRAY_SIZE(rows); n++)
		if (is(rows[n].name, length, text))
			return count_row(&rows[n], text, number, count, counts, rounds);
	die("there is no row %s", text);
}

int main(int argc, char *argv[])
{
	uint64_t (*count)(void) = counter;
	uint64_t now = counter();
	uint64_t *counts;
	size_t rounds;
	int n = 1;

	if (getpid() == 1) {
		printf("entered the first program at %" PRIu64 "\n", now);
		fflush(stdout);
		execl("/init", "/init", NULL);
		die("/init: %s", strerror(errno));
	}

	if (argc > n && !strcmp(argv[n], "-k")) {
		open_kernel_counter();
		count = kernel_instructions;
		n++;
	}
	if (argc < n + 2)
		die("usage: client [-k] ROUNDS ROW...");
	if (ticks_per_second() != TICKS_PER_SECOND)
		die("a tick is no instruction here: the counter has %" PRIu64 " a second, not %d",
		    ticks_per_second(), TICKS_PER_SECOND);
	rounds = strtoul(argv[n++], NULL, 10);
	if (!rounds || rounds > ROUNDS_MAX)
		die("1 to %d rounds", ROUNDS_MAX);
	counts = calloc(rounds + 1, sizeof(*counts));
	if (!counts)
		die("no memory");

	for (; n < argc; n++) {
		do_row(argv[n], count, counts, rounds);
		fflush(stdout);
	}
	free(counts);

	return 0;
}
