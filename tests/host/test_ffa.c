// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tests of core/'s side of FF-A on model secure partitions. An argument is a pattern
 * with * and ?: only the tests whose names match run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "spmc.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define MAX_LIES	3

/* Answers that the call at hand never gets from an honest partition. */
#define FAILS(n, status) \
	{ .first = (n), .last = (n), \
	  .regs = { SPMC_ERROR, 0, (uint32_t)(status) } }
#define STATUS(n, message, status) \
	{ .first = (n), .last = (n), \
	  .regs = { SPMC_DIRECT_RESP, 0, (message) + 1, (uint32_t)(status) } }
#define ANSWERS(n, ...) \
	{ .first = (n), .last = (n), .effect = true, .regs = { __VA_ARGS__ } }
#define RESUMES(n, function) \
	{ .first = (n), .last = (n), .regs = { (function), SPMC_OPTEE << 16 | 3 } }

/**
 * struct scenario - announcing and leaving on some partitions
 * @name:      what it shows
 * @plain:     OP-TEE is built without virtualization
 * @minor:     of FF-A 1.x, 1 if 0 and hidden is not set
 * @hidden:    FF-A 1.0, where properties say nothing of guests
 * @instance:  what FFA_ID_GET has answered
 * @id:	       asked for
 * @slots:     of OP-TEE, 0 for the default
 * @there:     guests of an earlier time
 * @other:     a second partition asks for this, and has room for one guest
 * @script:    lies
 * @calls:     what must be sent by announcing, see assert_calls()
 * @err:       how announcing must end
 * @answer:    the answer behind @err
 * @partition: whose answer that is
 * @left:      guests with @id in OP-TEE after an error
 */
struct scenario {
	const char *name;
	bool plain;
	bool hidden;
	unsigned int instance;
	unsigned int id;
	unsigned int slots;
	unsigned int there[2];
	unsigned int other;
	struct spmc_lie script[MAX_LIES + 1];
	const char *calls;
	enum ffa_guest_error err;
	unsigned int answer;
	unsigned int partition;
	unsigned int left;
};

static const struct scenario scenarios[] = {
	{
		.name = "guest_is_added_to_optee",
		.id = 1,
		.calls = "+1",
	}, {
		.name = "guest_with_the_highest_id",
		.id = 0x7fff,
		.calls = "+1",
	}, {
		.name = "nothing_is_sent_to_a_plain_optee",
		.plain = true,
		.id = 1,
		.calls = "",
	}, {
		.name = "nothing_is_sent_below_which_there_is_a_hypervisor",
		.instance = 1,
		.id = 1,
		.calls = "",
	}, {
		.name = "nothing_is_sent_by_ff_a_1_0_which_hides_who_asks",
		.hidden = true,
		.id = 1,
		.calls = "",
	}, {
		.name = "id_0_is_refused",
		.id = 0,
		.calls = "",
		.err = FFA_GUEST_EID,
	}, {
		.name = "id_of_a_secure_partition_is_refused",
		.id = 0x8000,
		.calls = "",
		.err = FFA_GUEST_EID,
	}, {
		.name = "bad_id_is_refused_whatever_is_below",
		.instance = 1,
		.id = 0x10001,
		.calls = "",
		.err = FFA_GUEST_EID,
	}, {
		.name = "no_room",
		.id = 1,
		.there = { 5, 6 },
		.calls = "+1",
		.err = FFA_GUEST_ENOROOM,
		.answer = (unsigned int)SPMC_DENIED,
		.partition = SPMC_OPTEE,
	}, {
		.name = "no_memory",
		.id = 1,
		.script = { STATUS(1, SPMC_CREATED, SPMC_NO_MEMORY) },
		.calls = "+1",
		.err = FFA_GUEST_ENOROOM,
		.answer = (unsigned int)SPMC_NO_MEMORY,
		.partition = SPMC_OPTEE,
	}, {
		.name = "other_partition_asks_for_nothing",
		.id = 1,
		.other = 0x101,
		.calls = "+1",
	}, {
		.name = "both_partitions_ask",
		.id = 1,
		.other = 0xc0,
		.calls = "+1 +2",
	}, {
		.name = "other_partition_asks_for_the_beginning_only",
		.id = 1,
		.other = 0x40,
		.calls = "+1 +2",
	}, {
		.name = "other_partition_asks_for_the_end_only",
		.id = 1,
		.other = 0x80,
		.calls = "+1",
	}, {
		.name = "second_refusal_takes_back_the_first_guest",
		.id = 1,
		.other = 0xc0,
		.script = { STATUS(2, SPMC_CREATED, SPMC_DENIED) },
		.calls = "+1 +2 -1",
		.err = FFA_GUEST_ENOROOM,
		.answer = (unsigned int)SPMC_DENIED,
		.partition = SPMC_OTHER,
	}, {
		.name = "second_refusal_and_the_first_guest_stays",
		.id = 1,
		.other = 0xc0,
		.script = { STATUS(2, SPMC_CREATED, SPMC_DENIED),
			    STATUS(3, SPMC_DESTROYED, SPMC_ABORTED) },
		.calls = "+1 +2 -1",
		.err = FFA_GUEST_ESTRANDED,
		.answer = (unsigned int)SPMC_ABORTED,
		.partition = SPMC_OPTEE,
		.left = 1,
	}, {
		.name = "message_is_not_supported",
		.id = 1,
		.script = { FAILS(1, SPMC_NOT_SUPPORTED) },
		.calls = "+1",
		.err = FFA_GUEST_EREFUSED,
		.answer = (unsigned int)SPMC_NOT_SUPPORTED,
		.partition = SPMC_OPTEE,
	}, {
		.name = "partition_refuses",
		.id = 1,
		.script = { STATUS(1, SPMC_CREATED, SPMC_INVALID) },
		.calls = "+1",
		.err = FFA_GUEST_EREFUSED,
		.answer = (unsigned int)SPMC_INVALID,
		.partition = SPMC_OPTEE,
	}, {
		.name = "interrupted_partition_is_run",
		.id = 1,
		.script = { RESUMES(1, SPMC_INTERRUPT) },
		.calls = "+1 r",
	}, {
		.name = "partition_that_yields_is_run",
		.id = 1,
		.script = { RESUMES(1, SPMC_YIELD), RESUMES(2, SPMC_INTERRUPT) },
		.calls = "+1 r r",
	}, {
		.name = "busy_partition_is_asked_again",
		.id = 1,
		.script = { FAILS(1, SPMC_BUSY), FAILS(2, SPMC_RETRY),
			    FAILS(3, SPMC_INTERRUPTED) },
		.calls = "+1 +1 +1 +1",
	}, {
		.name = "status_that_says_again",
		.id = 1,
		.script = { STATUS(1, SPMC_CREATED, SPMC_RETRY),
			    STATUS(2, SPMC_CREATED, SPMC_INTERRUPTED) },
		.calls = "+1 +1 +1",
	}, {
		.name = "error_without_a_status",
		.id = 1,
		.script = { FAILS(1, 0) },
		.calls = "+1 -1",
		.err = FFA_GUEST_EANSWER,
		.answer = SPMC_ERROR,
		.partition = SPMC_OPTEE,
	}, {
		.name = "answer_of_another_function",
		.id = 1,
		.script = { ANSWERS(1, SPMC_SUCCESS) },
		.calls = "+1 -1",
		.err = FFA_GUEST_EANSWER,
		.answer = SPMC_SUCCESS,
		.partition = SPMC_OPTEE,
	}, {
		.name = "answer_of_another_partition",
		.id = 1,
		.script = { ANSWERS(1, SPMC_DIRECT_RESP, SPMC_OTHER << 16,
				    SPMC_CREATED + 1) },
		.calls = "+1 -1",
		.err = FFA_GUEST_EANSWER,
		.answer = SPMC_DIRECT_RESP,
		.partition = SPMC_OPTEE,
	}, {
		.name = "answer_to_another_message",
		.id = 1,
		.script = { ANSWERS(1, SPMC_DIRECT_RESP, 0, SPMC_DESTROYED + 1) },
		.calls = "+1 -1",
		.err = FFA_GUEST_EANSWER,
		.answer = SPMC_DIRECT_RESP,
		.partition = SPMC_OPTEE,
	},
};

struct fixture {
	const struct scenario *sc;
	unsigned long upper;
	char name[96];
};

static void connect(struct spmc *s, const struct scenario *sc)
{
	unsigned int n;

	spmc_init(s, !sc->plain);
	s->minor = !sc->hidden;
	if (sc->slots)
		s->partition[0].slots = sc->slots;
	if (sc->other) {
		s->count = 2;
		s->partition[1].id = SPMC_OTHER;
		s->partition[1].wants = sc->other;
		s->partition[1].slots = 1;
	}
	for (n = 0; n < ARRAY_SIZE(sc->there) && sc->there[n]; n++)
		s->partition[0].guest[s->partition[0].guests++] = sc->there[n];
	s->script = sc->script;
}

/* +N and -N: added to and removed from partition N, r: FFA_RUN. */
static void assert_calls(const struct spmc *s, unsigned int id, const char *calls)
{
	unsigned int n;

	for (n = 0; *calls; n++) {
		const unsigned long *regs = s->call[n];
		unsigned int m;

		assert_true(n < s->calls);
		if (*calls == 'r') {
			assert_int_equal(regs[0], SPMC_RUN);
			assert_int_equal((uint32_t)regs[1], SPMC_OPTEE << 16 | 3);
			for (m = 2; m < 8; m++)
				assert_int_equal(regs[m], 0);
		} else {
			assert_int_equal(regs[0], SPMC_DIRECT_REQ);
			assert_int_equal(regs[1], calls[1] == '1' ? SPMC_OPTEE : SPMC_OTHER);
			assert_int_equal(regs[2], *calls == '+' ? SPMC_CREATED : SPMC_DESTROYED);
			assert_int_equal(regs[5], id);
			for (m = 3; m < 8; m++)
				if (m != 5)
					assert_int_equal(regs[m], 0);
		}
		calls += strcspn(calls, " ");
		calls += strspn(calls, " ");
	}
	assert_int_equal(s->calls, n);
}

/* A request of a client's: whether OP-TEE serves this sender. */
static bool serves(struct spmc *s, unsigned int sender)
{
	unsigned long regs[8] = { SPMC_DIRECT_REQ, sender << 16 | SPMC_OPTEE };

	spmc_smc(s, regs);

	return regs[0] == SPMC_DIRECT_RESP && regs[3] != SPMC_ITEM_NOT_FOUND;
}

static void announces_as_told(void **state)
{
	const struct fixture *f = *state;
	const struct scenario *sc = f->sc;
	struct ffa_guest_partition info[SPMC_MAX_PARTITIONS];
	struct spmc s;
	const struct ffa_guest_transport transport = { spmc_call, &s };
	struct ffa_guest guest;
	unsigned int others;
	bool asked;

	connect(&s, sc);
	s.upper = f->upper;
	others = s.partition[0].guests;
	asked = !sc->plain && !sc->hidden && !sc->instance;
	memset(&guest, 0xa5, sizeof(guest));
	assert_int_equal(ffa_guest_announce(&guest, &transport, sc->instance,
					    sc->id, info,
					    spmc_partitions(&s, info)),
			 sc->err);
	assert_calls(&s, sc->id, sc->calls);
	if (sc->err) {
		assert_int_equal(guest.id, 0);
		assert_int_equal(guest.answer, sc->answer);
		assert_int_equal(guest.partition, sc->partition);
		assert_int_equal(s.partition[0].guests, others + sc->left);
	} else {
		assert_int_equal(guest.id, asked ? sc->id : 0);
		assert_int_equal(ffa_guest_owner(&guest), guest.id << 16);
		assert_int_equal(s.partition[0].guests, others + asked);
		assert_true(serves(&s, guest.id) || !asked);
	}

	/* Leaving removes it, once, and speaks to nobody else. */
	s.calls = 0;
	s.script = NULL;
	asked = guest.id;
	assert_int_equal(ffa_guest_leave(&guest, &transport), FFA_GUEST_EOK);
	assert_int_equal(guest.id, 0);
	assert_calls(&s, sc->id, !asked ? "" : sc->other & 0x80 ? "-2 -1" : "-1");
	assert_int_equal(s.partition[0].guests, others + sc->left);
	s.calls = 0;
	assert_int_equal(ffa_guest_leave(&guest, &transport), FFA_GUEST_EOK);
	assert_int_equal(s.calls, 0);
	assert_null(s.halted);
}

static enum ffa_guest_error announce(struct spmc *s, struct ffa_guest *guest,
				     struct ffa_guest_partition *info)
{
	const struct ffa_guest_transport transport = { spmc_call, s };

	return ffa_guest_announce(guest, &transport, 0, 1, info,
				  spmc_partitions(s, info));
}

static void sender_0_is_nobodys_guest(void **state)
{
	struct ffa_guest_partition info[SPMC_MAX_PARTITIONS];
	struct ffa_guest guest;
	struct spmc s;

	(void)state;
	spmc_init(&s, true);
	assert_false(serves(&s, 0));
	assert_false(serves(&s, 1));
	assert_int_equal(announce(&s, &guest, info), FFA_GUEST_EOK);
	assert_false(serves(&s, 0));
	assert_true(serves(&s, 1));
}

static void buffers_mapped_after_the_guest_halt(void **state)
{
	unsigned long unmap[8] = { SPMC_RXTX_UNMAP };
	unsigned long map[8] = { SPMC_RXTX_MAP, 0x2000 };
	struct ffa_guest_partition info[SPMC_MAX_PARTITIONS];
	struct ffa_guest guest;
	struct spmc s;

	(void)state;
	spmc_init(&s, true);
	assert_int_equal(announce(&s, &guest, info), FFA_GUEST_EOK);
	spmc_smc(&s, unmap);
	spmc_smc(&s, map);
	assert_non_null(s.halted);
}

static void next_system_maps_its_buffers_and_is_added(void **state)
{
	unsigned long unmap[8] = { SPMC_RXTX_UNMAP };
	unsigned long map[8] = { SPMC_RXTX_MAP, 0x2000 };
	struct ffa_guest_partition info[SPMC_MAX_PARTITIONS];
	struct spmc s;
	const struct ffa_guest_transport transport = { spmc_call, &s };
	struct ffa_guest guest;

	(void)state;
	spmc_init(&s, true);
	assert_int_equal(announce(&s, &guest, info), FFA_GUEST_EOK);
	assert_int_equal(ffa_guest_leave(&guest, &transport), FFA_GUEST_EOK);
	spmc_smc(&s, unmap);
	spmc_smc(&s, map);
	assert_int_equal(map[0], SPMC_SUCCESS);
	assert_int_equal(announce(&s, &guest, info), FFA_GUEST_EOK);
	assert_int_equal(spmc_count(&s.partition[0], 1), 1);
	assert_null(s.halted);
}

static void partition_without_an_end_is_given_up(void **state)
{
	static const struct spmc_lie endless[][2] = {
		{ { 1, FFA_GUEST_LIMIT, false, { SPMC_INTERRUPT, 3 } } },
		{ { 1, FFA_GUEST_LIMIT, false, { SPMC_ERROR, 0, (uint32_t)SPMC_RETRY } } },
	};
	struct ffa_guest_partition info[SPMC_MAX_PARTITIONS];
	struct ffa_guest guest;
	struct spmc s;
	size_t n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(endless); n++) {
		spmc_init(&s, true);
		s.script = endless[n];
		assert_int_equal(announce(&s, &guest, info), FFA_GUEST_ENDLESS);
		/* It may have the guest all the same: it is told of its end. */
		assert_int_equal(s.calls, FFA_GUEST_LIMIT + 1);
		assert_int_equal(guest.id, 0);
		assert_int_equal(s.partition[0].guests, 0);
	}
}

static void partition_that_keeps_the_guest_is_reported(void **state)
{
	static const struct spmc_lie keeps[] = {
		STATUS(2, SPMC_DESTROYED, SPMC_INVALID), { 0 }
	};
	struct ffa_guest_partition info[SPMC_MAX_PARTITIONS];
	struct spmc s;
	const struct ffa_guest_transport transport = { spmc_call, &s };
	struct ffa_guest guest;

	(void)state;
	spmc_init(&s, true);
	s.script = keeps;
	assert_int_equal(announce(&s, &guest, info), FFA_GUEST_EOK);
	assert_int_equal(ffa_guest_leave(&guest, &transport), FFA_GUEST_ESTRANDED);
	assert_int_equal(guest.id, 0);
	assert_int_equal(guest.partition, SPMC_OPTEE);
	assert_int_equal(guest.answer, (unsigned int)SPMC_INVALID);
}

static void each_error_has_a_line_of_its_own(void **state)
{
	const char *line[FFA_GUEST_ESTRANDED + 2];
	size_t n, m;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(line); n++) {
		line[n] = ffa_guest_explain(n);
		assert_true(*line[n] && !strchr(line[n], '\n'));
		for (m = 0; m < n; m++)
			assert_string_not_equal(line[n], line[m]);
	}
}

static const struct CMUnitTest singles[] = {
	cmocka_unit_test(sender_0_is_nobodys_guest),
	cmocka_unit_test(buffers_mapped_after_the_guest_halt),
	cmocka_unit_test(next_system_maps_its_buffers_and_is_added),
	cmocka_unit_test(partition_without_an_end_is_given_up),
	cmocka_unit_test(partition_that_keeps_the_guest_is_reported),
	cmocka_unit_test(each_error_has_a_line_of_its_own),
};

int main(int argc, char **argv)
{
	static struct CMUnitTest test[2 * ARRAY_SIZE(scenarios) + ARRAY_SIZE(singles)];
	static struct fixture fixture[2 * ARRAY_SIZE(scenarios)];
	size_t n;

	/* Once as it is, once with what a 64-bit register may hold above an answer. */
	for (n = 0; n < ARRAY_SIZE(fixture); n++) {
		struct fixture *f = &fixture[n];

		f->sc = &scenarios[n / 2];
		f->upper = n % 2 ? ~0xfffffffful : 0;
		snprintf(f->name, sizeof(f->name), "%s%s", f->sc->name,
			 f->upper ? "_upper_half_set" : "");
		test[n] = (struct CMUnitTest)cmocka_unit_test(announces_as_told);
		test[n].name = f->name;
		test[n].initial_state = f;
	}
	memcpy(&test[n], singles, sizeof(singles));

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);

	return cmocka_run_group_tests_name("ffa", test, NULL, NULL);
}
