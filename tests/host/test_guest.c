// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tests of core/ on a model OP-TEE. An argument is a pattern with
 * * and ?: only the tests whose names match run.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"
#include "optee_guest_conduit.h"
#include "optee_guest_faults.h"
#include "optee_guest_faults_cpus.h"
#include "optee_guest_mediator.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define GARBAGE		0xbadu

/* The @n-th call is one of @func: it has no effect and gets this answer... */
#define LIE(n, func, ...) \
	{ .fid = (func), .first = (n), .last = (n), .res = { __VA_ARGS__ } }

/* ...or has its effect and gets it all the same. */
#define LIE_DONE(n, func, ...) \
	{ .fid = (func), .first = (n), .last = (n), .effect = true, \
	  .res = { __VA_ARGS__ } }

/**
 * struct scenario - one enter or leave on one OP-TEE
 * @name:     what it shows
 * @build:    how OP-TEE is built
 * @mediator: who is below us
 * @slots:    guests that OP-TEE has room for, 0 for the default
 * @there:    guests of an earlier time
 * @id:	      asked for
 * @policy:   asked for
 * @script:   OP-TEE's lies
 * @calls:    what must be sent, as assert_calls() writes it
 * @err:      how it must end
 * @role:     role that enter must find
 * @note:     note that enter must leave
 * @answer:   answer behind @err or OPTEE_GUEST_UNSURE
 * @left:     guests with @id in OP-TEE afterwards
 */
struct scenario {
	const char *name;
	enum model_build build;
	enum model_mediator mediator;
	unsigned int slots;
	unsigned int there[3];
	unsigned int id;
	enum optee_guest_policy policy;
	struct model_lie script[MODEL_MAX_LIES];
	const char *calls;
	enum optee_guest_error err;
	enum optee_guest_role role;
	enum optee_guest_note note;
	unsigned int answer;
	unsigned int left;
};

struct fixture {
	const struct scenario *sc;
	unsigned long upper;
	char name[96];
	bool ran;
	struct model model;
	struct optee_guest_transport transport;
	struct optee_guest guest;
};

static const struct scenario enters[] = {
	{
		.name = "refuses_id_0",
		.id = 0,
		.calls = "",
		.err = OPTEE_GUEST_EID,
	}, {
		.name = "refuses_id_65536",
		.id = 65536,
		.calls = "",
		.err = OPTEE_GUEST_EID,
	}, {
		.name = "refuses_id_uint_max",
		.id = UINT_MAX,
		.calls = "",
		.err = OPTEE_GUEST_EID,
	}, {
		.name = "refuses_id_0_on_plain",
		.build = MODEL_PLAIN,
		.id = 0,
		.calls = "",
		.err = OPTEE_GUEST_EID,
	}, {
		.name = "plain_sends_nothing",
		.build = MODEL_PLAIN,
		.id = 1,
		.calls = "",
		.role = OPTEE_GUEST_PLAIN,
	}, {
		.name = "announces_id_1",
		.id = 1,
		.calls = "U0@65535 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "announces_id_65535",
		.id = 65535,
		.calls = "U0@65534 U0@65535 C65535@0 U0@65535",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "announces_to_optee_4_1",
		.build = MODEL_VIRT_4_1,
		.id = 1,
		.calls = "U0@65535 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "announces_to_optee_3_8",
		.build = MODEL_VIRT_3_8,
		.id = 1,
		.calls = "U0@65535 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "announces_to_optee_4_10",
		.build = MODEL_VIRT_4_10,
		.id = 1,
		.calls = "U0@65535 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "announces_beside_another_guest",
		.there = { 2 },
		.id = 1,
		.calls = "U0@65535 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	},

	/* Mediators. Below one that tags, guest 1 is the mediator's. */
	{
		.name = "xen_reads_as_plain",
		.mediator = MODEL_XEN,
		.id = 1,
		.calls = "",
		.role = OPTEE_GUEST_PLAIN,
		.left = 1,
	}, {
		.name = "finds_a_mediator_that_tags",
		.mediator = MODEL_TAGS,
		.id = 1,
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 D65535@0",
		.role = OPTEE_GUEST_MEDIATED,
		.left = 1,
	}, {
		.name = "finds_a_mediator_that_tags_as_65535",
		.mediator = MODEL_TAGS,
		.id = 65535,
		.calls = "U0@65534 U0@65533 U0@65532 D65534@0 D65534@0",
		.role = OPTEE_GUEST_MEDIATED,
	}, {
		.name = "finds_a_mediator_that_tags_as_65534",
		.mediator = MODEL_TAGS,
		.id = 65534,
		.calls = "U0@65535 U0@65533 U0@65532 D65535@0 D65535@0",
		.role = OPTEE_GUEST_MEDIATED,
	}, {
		.name = "finds_a_mediator_that_tags_as_65533",
		.mediator = MODEL_TAGS,
		.id = 65533,
		.calls = "U0@65535 U0@65534 U0@65532 D65535@0 D65535@0",
		.role = OPTEE_GUEST_MEDIATED,
	}, {
		.name = "finds_a_mediator_that_tags_and_filters",
		.mediator = MODEL_TAGS_AND_FILTERS,
		.id = 1,
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 D65535@0",
		.role = OPTEE_GUEST_MEDIATED,
		.left = 1,
	}, {
		.name = "refuses_a_mediator_that_drops_a7",
		.mediator = MODEL_DROPS,
		.id = 1,
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 "
			 "C65535@0 C65535@0 C65535@0 D65535@0 D65535@0 D65535@0",
		.err = OPTEE_GUEST_EDROPPED,
		.answer = MODEL_ENOTAVAIL,
	}, {
		.name = "refuses_it_in_spite_of_a_wrong_authority_probe",
		.mediator = MODEL_DROPS,
		.id = 1,
		.script = { LIE(4, MODEL_VM_DESTROYED, MODEL_ENOTAVAIL) },
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 D65535@0 "
			 "C65535@0 C65535@0 C65535@0 D65535@0 D65535@0 D65535@0",
		.err = OPTEE_GUEST_EDROPPED,
		.answer = MODEL_ENOTAVAIL,
	}, {
		.name = "refuses_a_mediator_that_drops_a7_of_optee_4_1",
		.build = MODEL_VIRT_4_1,
		.mediator = MODEL_DROPS,
		.id = 1,
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 "
			 "C65535@0 C65535@0 C65535@0 D65535@0 D65535@0 D65535@0",
		.err = OPTEE_GUEST_EDROPPED,
		.answer = MODEL_ENOTAVAIL,
	}, {
		.name = "refuses_a_mediator_that_drops_a7_in_a_full_optee",
		.mediator = MODEL_DROPS,
		.there = { 1, 2 },
		.id = 1,
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 C65535@0 D65535@0",
		.err = OPTEE_GUEST_EDROPPED,
		.answer = MODEL_ENOTAVAIL,
		.left = 1,
	}, {
		.name = "removes_what_a_wrong_answer_hides_where_a7_is_dropped",
		.mediator = MODEL_DROPS,
		.id = 1,
		.script = { LIE_DONE(6, MODEL_VM_CREATED, GARBAGE) },
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 "
			 "C65535@0 C65535@0 D65535@0 D65535@0",
		.err = OPTEE_GUEST_EDROPPED,
		.answer = GARBAGE,
	}, {
		.name = "stranded_if_a7_is_dropped_and_a_removal_is_refused",
		.mediator = MODEL_DROPS,
		.id = 1,
		.script = { LIE(9, MODEL_VM_DESTROYED, MODEL_ENOTAVAIL) },
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 "
			 "C65535@0 C65535@0 C65535@0 D65535@0 D65535@0 D65535@0",
		.err = OPTEE_GUEST_ESTRANDED,
		.answer = MODEL_ENOTAVAIL,
	}, {
		.name = "refuses_a_mediator_that_only_filters",
		.mediator = MODEL_FILTERS,
		.id = 1,
		.calls = "U0@65535 U0@1 C1@0 U0@1",
		.err = OPTEE_GUEST_EFILTERED,
		.answer = MODEL_UNKNOWN,
	},

	/* Earlier guests with ids that the honesty probe asks about. */
	{
		.name = "leftover_65535_is_no_mediator",
		.there = { 65535 },
		.id = 1,
		.calls = "U0@65535 U0@65534 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "two_leftovers_are_no_mediator",
		.slots = 3,
		.there = { 65534, 65535 },
		.id = 1,
		.calls = "U0@65535 U0@65534 U0@65533 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "two_leftovers_are_no_mediator_as_65535",
		.slots = 3,
		.there = { 65534, 65533 },
		.id = 65535,
		.calls =
			"U0@65534 U0@65533 U0@65532 U0@65535 C65535@0 U0@65535",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "two_leftovers_are_no_mediator_as_65534",
		.slots = 3,
		.there = { 65535, 65533 },
		.id = 65534,
		.calls =
			"U0@65535 U0@65533 U0@65532 U0@65534 C65534@0 U0@65534",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "two_leftovers_are_no_mediator_as_65533",
		.slots = 3,
		.there = { 65535, 65534 },
		.id = 65533,
		.calls =
			"U0@65535 U0@65534 U0@65532 U0@65533 C65533@0 U0@65533",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "reclaims_own_id_65535",
		.there = { 65535 },
		.id = 65535,
		.calls =
			"U0@65534 U0@65535 D65535@0 U0@65535 C65535@0 U0@65535",
		.role = OPTEE_GUEST_GUEST,
		.note = OPTEE_GUEST_RECLAIMED,
		.left = 1,
	},

	/* Odd answers to the honesty and authority probes. */
	{
		.name = "finds_a_mediator_after_garbage_to_first_honesty_probe",
		.mediator = MODEL_TAGS,
		.id = 1,
		.script = { LIE(1, MODEL_CALLS_UID, GARBAGE) },
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 D65535@0",
		.role = OPTEE_GUEST_MEDIATED,
		.left = 1,
	}, {
		.name = "unsure_after_garbage_to_third_honesty_probe",
		.mediator = MODEL_TAGS,
		.id = 1,
		.script = { LIE(3, MODEL_CALLS_UID, GARBAGE) },
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 D65535@0",
		.role = OPTEE_GUEST_MEDIATED,
		.note = OPTEE_GUEST_UNSURE,
		.answer = GARBAGE,
		.left = 1,
	}, {
		.name = "unsure_after_uid_with_wrong_second_word",
		.mediator = MODEL_TAGS,
		.id = 1,
		.script = { LIE(3, MODEL_CALLS_UID, MODEL_UID_0, GARBAGE,
				MODEL_UID_2, MODEL_UID_3) },
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 D65535@0",
		.role = OPTEE_GUEST_MEDIATED,
		.note = OPTEE_GUEST_UNSURE,
		.answer = MODEL_UID_0,
		.left = 1,
	}, {
		.name = "unsure_after_uid_with_wrong_third_word",
		.mediator = MODEL_TAGS,
		.id = 1,
		.script = { LIE(3, MODEL_CALLS_UID, MODEL_UID_0, MODEL_UID_1,
				GARBAGE, MODEL_UID_3) },
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 D65535@0",
		.role = OPTEE_GUEST_MEDIATED,
		.note = OPTEE_GUEST_UNSURE,
		.answer = MODEL_UID_0,
		.left = 1,
	}, {
		.name = "unsure_after_uid_with_wrong_fourth_word",
		.mediator = MODEL_TAGS,
		.id = 1,
		.script = { LIE(3, MODEL_CALLS_UID, MODEL_UID_0, MODEL_UID_1,
				MODEL_UID_2, GARBAGE) },
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 D65535@0",
		.role = OPTEE_GUEST_MEDIATED,
		.note = OPTEE_GUEST_UNSURE,
		.answer = MODEL_UID_0,
		.left = 1,
	}, {
		.name = "unsure_after_garbage_to_authority_probe",
		.mediator = MODEL_TAGS,
		.id = 1,
		.script = {
			LIE(4, MODEL_VM_DESTROYED, GARBAGE),
			LIE(5, MODEL_VM_DESTROYED, GARBAGE),
		},
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 D65535@0",
		.role = OPTEE_GUEST_MEDIATED,
		.note = OPTEE_GUEST_UNSURE,
		.answer = GARBAGE,
		.left = 1,
	}, {
		.name = "a_wrong_honesty_probe_makes_no_mediator",
		.id = 1,
		.script = { LIE(1, MODEL_CALLS_UID, GARBAGE) },
		.calls = "U0@65535 U0@65534 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "three_wrong_honesty_probes_make_no_mediator",
		.id = 1,
		.script = { { .fid = MODEL_CALLS_UID, .first = 1, .last = 3,
			      .res = { GARBAGE } } },
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0",
		.err = OPTEE_GUEST_EANSWER,
		.answer = GARBAGE,
	}, {
		.name = "unsure_after_garbage_to_both_probes",
		.mediator = MODEL_TAGS,
		.id = 1,
		.script = {
			LIE(3, MODEL_CALLS_UID, GARBAGE),
			LIE(5, MODEL_VM_DESTROYED, GARBAGE + 1),
		},
		.calls = "U0@65535 U0@65534 U0@65533 D65535@0 D65535@0",
		.role = OPTEE_GUEST_MEDIATED,
		.note = OPTEE_GUEST_UNSURE,
		.answer = GARBAGE + 1,
		.left = 1,
	},

	/* A guest with our id is there already. */
	{
		.name = "reclaims_one_then_announces",
		.there = { 1 },
		.id = 1,
		.calls = "U0@65535 U0@1 D1@0 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.note = OPTEE_GUEST_RECLAIMED,
		.left = 1,
	}, {
		.name = "reclaims_two_duplicates_then_announces",
		.there = { 1, 1 },
		.id = 1,
		.calls = "U0@65535 U0@1 D1@0 U0@1 D1@0 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.note = OPTEE_GUEST_RECLAIMED,
		.left = 1,
	}, {
		.name = "reclaims_in_a_full_optee",
		.there = { 1, 2 },
		.id = 1,
		.calls = "U0@65535 U0@1 D1@0 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.note = OPTEE_GUEST_RECLAIMED,
		.left = 1,
	}, {
		.name = "reclaims_under_an_unknown_policy",
		.there = { 1 },
		.id = 1,
		.policy = (enum optee_guest_policy)99,
		.calls = "U0@65535 U0@1 D1@0 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.note = OPTEE_GUEST_RECLAIMED,
		.left = 1,
	}, {
		.name = "announces_after_the_earlier_guest_went_by_itself",
		.id = 1,
		.script = { LIE(2, MODEL_CALLS_UID, MODEL_UID_0, MODEL_UID_1,
				MODEL_UID_2, MODEL_UID_3) },
		.calls = "U0@65535 U0@1 D1@0 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.note = OPTEE_GUEST_RECLAIMED,
		.left = 1,
	}, {
		.name = "inherits_a_guest",
		.there = { 1 },
		.id = 1,
		.policy = OPTEE_GUEST_INHERIT,
		.calls = "U0@65535 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.note = OPTEE_GUEST_INHERITED,
		.left = 1,
	}, {
		.name = "announces_if_there_is_nothing_to_inherit",
		.id = 1,
		.policy = OPTEE_GUEST_INHERIT,
		.calls = "U0@65535 U0@1 C1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
		.left = 1,
	}, {
		.name = "stuck_if_reclaim_is_refused",
		.there = { 1 },
		.id = 1,
		.script = { LIE(3, MODEL_VM_DESTROYED, MODEL_ENOTAVAIL) },
		.calls = "U0@65535 U0@1 D1@0",
		.err = OPTEE_GUEST_ESTUCK,
		.answer = MODEL_ENOTAVAIL,
		.left = 1,
	}, {
		.name = "stuck_if_reclaim_of_a_duplicate_is_refused",
		.there = { 1, 1 },
		.id = 1,
		.script = { LIE(5, MODEL_VM_DESTROYED, MODEL_UNKNOWN) },
		.calls = "U0@65535 U0@1 D1@0 U0@1 D1@0",
		.err = OPTEE_GUEST_ESTUCK,
		.answer = MODEL_UNKNOWN,
		.left = 1,
	}, {
		.name = "stops_after_garbage_during_reclaim",
		.there = { 1 },
		.id = 1,
		.script = { LIE(4, MODEL_CALLS_UID, GARBAGE) },
		.calls = "U0@65535 U0@1 D1@0 U0@1",
		.err = OPTEE_GUEST_EANSWER,
		.answer = GARBAGE,
	}, {
		.name = "stops_after_garbage_to_presence_probe",
		.id = 1,
		.script = { LIE(2, MODEL_CALLS_UID, GARBAGE) },
		.calls = "U0@65535 U0@1",
		.err = OPTEE_GUEST_EANSWER,
		.answer = GARBAGE,
	},

	/* VM_CREATED and what comes after it go wrong. */
	{
		.name = "no_room_leaves_the_others_alone",
		.there = { 2, 3 },
		.id = 1,
		.calls = "U0@65535 U0@1 C1@0 U0@1 U0@1 U0@2",
		.err = OPTEE_GUEST_ENOROOM,
		.answer = MODEL_ENOTAVAIL,
	}, {
		.name = "withdraws_a_guest_that_came_in_spite_of_a_refusal",
		.id = 1,
		.script = { LIE_DONE(3, MODEL_VM_CREATED, MODEL_ENOTAVAIL) },
		.calls = "U0@65535 U0@1 C1@0 U0@1 D1@0",
		.err = OPTEE_GUEST_EANSWER,
		.answer = MODEL_ENOTAVAIL,
	}, {
		.name = "withdraws_a_guest_that_came_through_a_filter",
		.id = 1,
		.script = { LIE_DONE(3, MODEL_VM_CREATED, MODEL_UNKNOWN) },
		.calls = "U0@65535 U0@1 C1@0 U0@1 D1@0",
		.err = OPTEE_GUEST_EANSWER,
		.answer = MODEL_UNKNOWN,
	}, {
		.name = "withdraws_after_garbage_to_vm_created",
		.id = 1,
		.script = { LIE_DONE(3, MODEL_VM_CREATED, GARBAGE) },
		.calls = "U0@65535 U0@1 C1@0 U0@1 D1@0",
		.err = OPTEE_GUEST_EANSWER,
		.answer = GARBAGE,
	}, {
		.name = "withdraws_after_garbage_to_vm_created_in_vain",
		.id = 1,
		.script = { LIE(3, MODEL_VM_CREATED, GARBAGE) },
		.calls = "U0@65535 U0@1 C1@0 U0@1 D1@0",
		.err = OPTEE_GUEST_EANSWER,
		.answer = GARBAGE,
	}, {
		.name = "stranded_after_garbage_to_vm_created",
		.id = 1,
		.script = {
			LIE_DONE(3, MODEL_VM_CREATED, GARBAGE),
			LIE(5, MODEL_VM_DESTROYED, MODEL_ENOTAVAIL),
		},
		.calls = "U0@65535 U0@1 C1@0 U0@1 D1@0",
		.err = OPTEE_GUEST_ESTRANDED,
		.answer = MODEL_ENOTAVAIL,
		.left = 1,
	}, {
		.name = "withdraws_a_guest_that_was_never_added",
		.id = 1,
		.script = { LIE(3, MODEL_VM_CREATED, MODEL_OK) },
		.calls = "U0@65535 U0@1 C1@0 U0@1 D1@0",
		.err = OPTEE_GUEST_EINVISIBLE,
		.answer = MODEL_ENOTAVAIL,
	}, {
		.name = "withdraws_a_guest_that_is_refused",
		.id = 1,
		.script = { LIE(4, MODEL_CALLS_UID, MODEL_ENOTAVAIL) },
		.calls = "U0@65535 U0@1 C1@0 U0@1 D1@0",
		.err = OPTEE_GUEST_EINVISIBLE,
		.answer = MODEL_ENOTAVAIL,
	}, {
		.name = "withdraws_a_guest_that_is_answered_garbage",
		.id = 1,
		.script = { LIE(4, MODEL_CALLS_UID, GARBAGE) },
		.calls = "U0@65535 U0@1 C1@0 U0@1 D1@0",
		.err = OPTEE_GUEST_EINVISIBLE,
		.answer = GARBAGE,
	}, {
		.name = "stranded_if_an_invisible_guest_stays",
		.id = 1,
		.script = {
			LIE(4, MODEL_CALLS_UID, MODEL_ENOTAVAIL),
			LIE(5, MODEL_VM_DESTROYED, GARBAGE),
		},
		.calls = "U0@65535 U0@1 C1@0 U0@1 D1@0",
		.err = OPTEE_GUEST_ESTRANDED,
		.answer = GARBAGE,
		.left = 1,
	},
};

static const struct scenario leaves[] = {
	{
		.name = "leave_after_failed_enter_sends_nothing",
		.there = { 2, 3 },
		.id = 1,
		.calls = "",
	}, {
		.name = "leave_as_plain_sends_nothing",
		.build = MODEL_PLAIN,
		.id = 1,
		.calls = "",
		.role = OPTEE_GUEST_PLAIN,
	}, {
		.name = "leave_below_xen_sends_nothing",
		.mediator = MODEL_XEN,
		.id = 1,
		.calls = "",
		.role = OPTEE_GUEST_PLAIN,
		.left = 1,
	}, {
		.name = "leave_as_mediated_sends_nothing",
		.mediator = MODEL_TAGS,
		.id = 1,
		.calls = "",
		.role = OPTEE_GUEST_MEDIATED,
		.left = 1,
	}, {
		.name = "leave_removes_our_guest_once",
		.there = { 2 },
		.id = 1,
		.calls = "D1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
	}, {
		.name = "leave_removes_an_inherited_guest",
		.there = { 1 },
		.id = 1,
		.policy = OPTEE_GUEST_INHERIT,
		.calls = "D1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
	}, {
		.name = "leave_removes_both_inherited_guests",
		.there = { 1, 1 },
		.id = 1,
		.policy = OPTEE_GUEST_INHERIT,
		.calls = "D1@0 U0@1 D1@0 U0@1",
		.role = OPTEE_GUEST_GUEST,
	}, {
		.name = "leave_reports_a_refusal_once",
		.id = 1,
		.script = { LIE(1, MODEL_VM_DESTROYED, MODEL_ENOTAVAIL) },
		.calls = "D1@0",
		.err = OPTEE_GUEST_ESTRANDED,
		.role = OPTEE_GUEST_GUEST,
		.answer = MODEL_ENOTAVAIL,
		.left = 1,
	}, {
		.name = "leave_reports_garbage_once",
		.id = 1,
		.script = { LIE(1, MODEL_VM_DESTROYED, GARBAGE) },
		.calls = "D1@0",
		.err = OPTEE_GUEST_ESTRANDED,
		.role = OPTEE_GUEST_GUEST,
		.answer = GARBAGE,
		.left = 1,
	},
};

static const struct scenario native = { .id = 1 };

static void add_guest(struct fixture *f, unsigned int id)
{
	unsigned long res[4];

	model_smc(&f->model, MODEL_VM_CREATED, id, 0, res);
	assert_int_equal(res[0], MODEL_OK);
}

static int start(void **state)
{
	struct fixture *f = *state;
	const struct scenario *sc = f->sc;
	unsigned int n;

	f->ran = true;
	f->transport.call = model_call;
	f->transport.ctx = &f->model;
	model_init(&f->model, sc->build, sc->mediator);
	f->model.upper = f->upper;
	if (sc->slots)
		f->model.slots = sc->slots;

	for (n = 0; n < ARRAY_SIZE(sc->there) && sc->there[n]; n++)
		add_guest(f, sc->there[n]);

	return 0;
}

/* Whatever happened, core sent nothing that could hurt. */
static int finish(void **state)
{
	struct fixture *f = *state;
	unsigned int n;

	assert_null(f->model.panic);
	for (n = 0; n < f->model.calls && n < MODEL_MAX_RECORDED; n++) {
		const struct model_call *call = &f->model.call[n];

		assert_true(call->fid == MODEL_CALLS_UID ||
			    call->fid == MODEL_GET_OS_REVISION ||
			    (call->fid == MODEL_VM_CREATED && !call->a7) ||
			    (call->fid == MODEL_VM_DESTROYED && !call->a7));
	}

	return 0;
}

static enum optee_guest_error enter(struct fixture *f)
{
	unsigned long res[4];

	model_smc(&f->model, MODEL_EXCHANGE_CAPABILITIES, 0, 0, res);
	assert_int_equal(res[0], MODEL_OK);

	/* Nothing may depend on what was in there before. */
	memset(&f->guest, 0xff, sizeof(f->guest));

	return optee_guest_enter(&f->guest, &f->transport, res[1], f->sc->id,
				 f->sc->policy);
}

/* The calls that panic an OP-TEE if they are tagged wrongly. */
static void assert_served(struct fixture *f)
{
	unsigned long tag = optee_guest_tag(&f->guest);
	unsigned int caps;
	unsigned long res[4];

	model_smc(&f->model, MODEL_EXCHANGE_CAPABILITIES, 0, 0, res);
	caps = optee_guest_usable_caps(&f->guest, &f->transport, res[1]);
	assert_int_equal(caps | MODEL_CAP_ASYNC_NOTIF,
			 res[1] | MODEL_CAP_ASYNC_NOTIF);

	model_smc(&f->model, MODEL_DISABLE_SHM_CACHE, 0, tag, res);
	if (caps & MODEL_CAP_ASYNC_NOTIF) {
		model_smc(&f->model, MODEL_ENABLE_ASYNC_NOTIF, 0, tag, res);
		assert_int_equal(res[0], MODEL_OK);
	}
	model_smc(&f->model, MODEL_CALL_WITH_ARG, 0, tag, res);
	assert_int_equal(res[0], MODEL_OK);
}

/* The calls since model_script() as "U<a1>@<a7> C<a1>@<a7> D<a1>@<a7>". */
static void assert_calls(const struct model *m, const char *expected)
{
	char text[256] = "";
	size_t len = 0;
	unsigned int n;

	assert_in_range(m->calls, 0, MODEL_MAX_RECORDED);
	for (n = m->mark; n < m->calls; n++) {
		const struct model_call *call = &m->call[n];

		len += snprintf(text + len, sizeof(text) - len, "%s%c%lu@%lu",
				len ? " " : "",
				call->fid == MODEL_CALLS_UID ? 'U' :
				call->fid == MODEL_VM_CREATED ? 'C' : 'D',
				call->a1, call->a7);
		assert_true(len < sizeof(text));
	}
	assert_string_equal(text, expected);
}

static void enters_as_told(void **state)
{
	struct fixture *f = *state;
	const struct scenario *sc = f->sc;

	model_script(&f->model, sc->script);
	assert_int_equal(enter(f), sc->err);

	assert_calls(&f->model, sc->calls);
	assert_int_equal(f->guest.role, sc->role);
	assert_int_equal(f->guest.id, sc->id);
	assert_int_equal(optee_guest_tag(&f->guest),
			 sc->role == OPTEE_GUEST_GUEST ? sc->id : 0);
	assert_int_equal(model_count(&f->model, sc->id), sc->left);
	if (sc->err || sc->note == OPTEE_GUEST_UNSURE)
		assert_int_equal(f->guest.answer, sc->answer);
	if (!sc->err) {
		assert_int_equal(f->guest.note, sc->note);
		assert_served(f);
	}
}

static void leaves_as_told(void **state)
{
	struct fixture *f = *state;
	const struct scenario *sc = f->sc;

	enter(f);
	assert_int_equal(f->guest.role, sc->role);

	model_script(&f->model, sc->script);
	assert_int_equal(optee_guest_leave(&f->guest, &f->transport), sc->err);
	assert_int_equal(f->guest.role, OPTEE_GUEST_NONE);
	assert_int_equal(optee_guest_tag(&f->guest), 0);
	assert_int_equal(model_count(&f->model, sc->id), sc->left);
	if (sc->err)
		assert_int_equal(f->guest.answer, sc->answer);

	/* The second time there is nothing to leave. */
	assert_int_equal(optee_guest_leave(&f->guest, &f->transport),
			 OPTEE_GUEST_OK);
	assert_calls(&f->model, sc->calls);
}

/* What a call may be answered besides the truth. */
static const unsigned long faults[][4] = {
	{ MODEL_OK },
	{ 1 }, { 2 }, { 3 }, { 4 }, { 5 }, { 6 }, { MODEL_ENOTAVAIL },
	{ 8 }, { 9 }, { 10 }, { MODEL_UNKNOWN },
	{ GARBAGE, GARBAGE, GARBAGE, GARBAGE },
	{ MODEL_UID_0, MODEL_UID_1, MODEL_UID_2, MODEL_UID_3 },
};

/* Enter and leave with one wrong answer; whether there was a call to get it. */
static bool survive(struct fixture *f, const struct model_lie script[])
{
	enum optee_guest_error err;
	unsigned int others;

	start((void **)&f);
	others = f->model.guests;
	model_script(&f->model, script);

	err = enter(f);
	if (!err) {
		/* Nobody is below: an untagged call would halt OP-TEE. */
		if (f->sc->mediator == MODEL_NATIVE)
			assert_int_equal(f->guest.role, OPTEE_GUEST_GUEST);
		assert_served(f);
		err = optee_guest_leave(&f->guest, &f->transport);
		assert_true(!err || err == OPTEE_GUEST_ESTRANDED);
	}
	/* What is ours is gone, or it was said. An earlier one may be stuck. */
	if (f->sc->mediator != MODEL_NATIVE && err != OPTEE_GUEST_ESTRANDED)
		assert_int_equal(f->model.guests, others);
	else if (err != OPTEE_GUEST_ESTRANDED)
		assert_in_range(model_count(&f->model, 1), 0,
				err && f->sc->there[0]);
	finish((void **)&f);

	return script->first <= f->model.calls;
}

static void one_wrong_answer_does_no_harm(void **state)
{
	struct fixture *f = *state;
	unsigned int n, what, effect;

	for (what = 0; what < ARRAY_SIZE(faults); what++) {
		for (effect = 0; effect <= 1; effect++) {
			struct model_lie script[MODEL_MAX_LIES] = {
				{ .fid = MODEL_ANY, .effect = effect },
			};

			memcpy(script->res, faults[what], sizeof(script->res));
			n = 0;
			do {
				script->first = ++n;
				script->last = n;
			} while (survive(f, script));
			/* Each of its calls had its turn. */
			assert_in_range(n, 5, MODEL_MAX_CALLS);
		}
	}
}

/* Which sends too much to be written down as its calls. */
static void finds_a_mediator_that_obliges(void **state)
{
	struct fixture *f = *state;

	model_init(&f->model, MODEL_VIRT_4_5, MODEL_OBLIGES);
	assert_int_equal(enter(f), OPTEE_GUEST_OK);
	assert_int_equal(f->guest.role, OPTEE_GUEST_MEDIATED);
	assert_int_equal(f->guest.note, OPTEE_GUEST_FRESH);
	assert_int_equal(f->model.calls, 3 + 1 + 64 + 64);
	assert_int_equal(f->model.added, 1);
	assert_served(f);
	assert_int_equal(optee_guest_leave(&f->guest, &f->transport),
			 OPTEE_GUEST_OK);
	assert_int_equal(f->model.calls, 3 + 1 + 64 + 64 + 1);
}

static void no_room_for_a_first_guest(void **state)
{
	struct fixture *f = *state;

	f->model.slots = 0;
	assert_int_equal(enter(f), OPTEE_GUEST_ENOMEMORY);
	assert_int_equal(f->guest.role, OPTEE_GUEST_NONE);
	assert_int_equal(f->guest.answer, MODEL_ENOTAVAIL);
	assert_int_equal(f->model.calls, 4 + 65535);
}

static void no_room_beside_the_guest_with_the_highest_id(void **state)
{
	struct fixture *f = *state;

	f->model.slots = 1;
	add_guest(f, 65535);
	assert_int_equal(enter(f), OPTEE_GUEST_ENOROOM);
	assert_int_equal(f->guest.role, OPTEE_GUEST_NONE);
}

/* No version but 4.3 and 4.4 is asked to do without. */
static void notifications_are_used_where_they_work(void **state)
{
	static const struct {
		enum model_build build;
		enum model_mediator mediator;
		bool used;
	} table[] = {
		{ MODEL_VIRT_4_10, MODEL_NATIVE, true },
		{ MODEL_VIRT_4_5, MODEL_NATIVE, true },
		{ MODEL_VIRT_4_4, MODEL_NATIVE, false },
		{ MODEL_VIRT_4_3, MODEL_NATIVE, false },
		{ MODEL_VIRT_4_4, MODEL_TAGS, false },
		{ MODEL_VIRT_4_1, MODEL_NATIVE, true },
		{ MODEL_VIRT_3_8, MODEL_NATIVE, false },
		{ MODEL_PLAIN, MODEL_NATIVE, true },
	};
	struct fixture *f = *state;
	unsigned long res[4];
	size_t n;

	for (n = 0; n < ARRAY_SIZE(table); n++) {
		unsigned int caps;

		model_init(&f->model, table[n].build, table[n].mediator);
		assert_int_equal(enter(f), OPTEE_GUEST_OK);
		model_smc(&f->model, MODEL_EXCHANGE_CAPABILITIES, 0, 0, res);
		caps = optee_guest_usable_caps(&f->guest, &f->transport, res[1]);
		print_message("row %zu\n", n);
		assert_int_equal(!!(caps & MODEL_CAP_ASYNC_NOTIF), table[n].used);
		assert_served(f);
	}
	/* Another major version with the same minor one. */
	model_script(&f->model, (const struct model_lie[MODEL_MAX_LIES]){
		LIE(1, MODEL_GET_OS_REVISION, 5, 4) });
	f->guest.role = OPTEE_GUEST_GUEST;
	assert_int_equal(optee_guest_usable_caps(&f->guest, &f->transport, 0xfd),
			 0xfd);
}

/* 3.7.0 has no bit that says how it is built, so nothing is done there. */
static void too_old_an_optee_reads_as_plain(void **state)
{
	struct fixture *f = *state;

	model_init(&f->model, MODEL_VIRT_3_7, MODEL_NATIVE);
	assert_int_equal(enter(f), OPTEE_GUEST_OK);
	assert_int_equal(f->guest.role, OPTEE_GUEST_PLAIN);
	assert_int_equal(f->model.calls, 0);
}

/* MIDR_EL1 of processors, as their manuals give it. */
static void some_processors_have_to_be_on_first(void **state)
{
	static const struct {
		unsigned int midr;
		bool hangs;
	} table[] = {
		{ 0x411fd070, false },	/* Cortex-A57 r1p0 */
		{ 0x410fd083, false },	/* Cortex-A72 r0p3 */
		{ 0x411fd080, true },	/* Cortex-A72 r1p0 */
		{ 0x414fd0b1, true },	/* Cortex-A76 r4p1 */
		{ 0x411fd0d0, true },	/* Cortex-A77 r1p0 */
		{ 0x410fd0e0, true },	/* Cortex-A76AE r0p0 */
		{ 0x411fd410, true },	/* Cortex-A78 r1p0 */
		{ 0x410fd421, true },	/* Cortex-A78AE r0p1 */
		{ 0x410fd4b0, true },	/* Cortex-A78C r0p0 */
		{ 0x412fd471, true },	/* Cortex-A710 r2p1 */
		{ 0x411fd440, true },	/* Cortex-X1 r1p0 */
		{ 0x412fd481, true },	/* Cortex-X2 r2p1 */
		{ 0x414fd0c1, true },	/* Neoverse N1 r4p1 */
		{ 0x410fd493, true },	/* Neoverse N2 r0p3 */
		{ 0x411fd402, true },	/* Neoverse V1 r1p2 */
		{ 0x410fd4f1, false },	/* Neoverse V2 r0p1 */
		{ 0x511fd0c1, false },	/* another implementer's part */
		{ 0x000f0510, false },	/* QEMU's "max" */
	};
	size_t n;

	(void)state;

	for (n = 0; n < ARRAY_SIZE(table); n++) {
		print_message("0x%x\n", table[n].midr);
		assert_int_equal(!!optee_guest_late_cpu_hangs(table[n].midr),
				 table[n].hangs);
	}
}

static void each_note_has_its_own_line(void **state)
{
	int note, other;

	(void)state;

	assert_string_equal(optee_guest_remark(OPTEE_GUEST_FRESH), "");
	for (note = OPTEE_GUEST_RECLAIMED; note <= OPTEE_GUEST_UNSURE; note++) {
		const char *line = optee_guest_remark(note);

		assert_true(strlen(line) > 0);
		assert_null(strchr(line, '\n'));
		for (other = OPTEE_GUEST_FRESH; other < note; other++)
			assert_string_not_equal(line, optee_guest_remark(other));
	}
	assert_string_equal(optee_guest_remark(-1), "");
	assert_string_equal(optee_guest_remark(OPTEE_GUEST_UNSURE + 1), "");
}

static const struct scenario faulty[] = {
	{
		.name = "one_wrong_answer_does_no_harm",
		.id = 1,
	}, {
		.name = "one_wrong_answer_does_no_harm_while_reclaiming",
		.there = { 1 },
		.id = 1,
	}, {
		.name = "one_wrong_answer_does_no_harm_while_inheriting",
		.there = { 1 },
		.id = 1,
		.policy = OPTEE_GUEST_INHERIT,
	}, {
		.name = "one_wrong_answer_does_no_harm_below_one_that_tags",
		.mediator = MODEL_TAGS,
		.id = 1,
	}, {
		.name = "one_wrong_answer_does_no_harm_below_one_that_filters",
		.mediator = MODEL_TAGS_AND_FILTERS,
		.id = 1,
	}, {
		.name = "one_wrong_answer_does_no_harm_below_one_that_obliges",
		.mediator = MODEL_OBLIGES,
		.id = 1,
	}, {
		.name = "one_wrong_answer_does_no_harm_below_one_that_drops",
		.mediator = MODEL_DROPS,
		.id = 1,
	}, {
		.name = "one_wrong_answer_does_no_harm_below_a_mere_filter",
		.mediator = MODEL_FILTERS_ALL,
		.id = 1,
	}, {
		.name = "one_wrong_answer_does_no_harm_to_optee_4_1",
		.build = MODEL_VIRT_4_1,
		.id = 1,
	}, {
		.name = "one_wrong_answer_does_no_harm_to_optee_3_8",
		.build = MODEL_VIRT_3_8,
		.id = 1,
	},
};

static void enters_again_after_leave(void **state)
{
	struct fixture *f = *state;
	unsigned int n;

	for (n = 1; n <= 3; n++) {
		assert_int_equal(enter(f), OPTEE_GUEST_OK);
		assert_int_equal(f->guest.note, OPTEE_GUEST_FRESH);
		assert_served(f);
		assert_int_equal(optee_guest_leave(&f->guest, &f->transport),
				 OPTEE_GUEST_OK);
		assert_int_equal(f->model.added, n);
		assert_int_equal(f->model.removed, n);
	}
}

static void enters_again_without_leave(void **state)
{
	struct fixture *f = *state;
	unsigned int n;

	for (n = 1; n <= 3; n++) {
		assert_int_equal(enter(f), OPTEE_GUEST_OK);
		assert_served(f);
		assert_int_equal(f->model.added, n);
		assert_int_equal(f->model.removed, n - 1);
		assert_int_equal(model_count(&f->model, 1), 1);
	}
	assert_int_equal(f->guest.note, OPTEE_GUEST_RECLAIMED);
}

static void reclaims_64_duplicates(void **state)
{
	struct fixture *f = *state;
	unsigned int n;

	f->model.slots = MODEL_MAX_GUESTS;
	for (n = 0; n < 64; n++)
		add_guest(f, 1);

	assert_int_equal(enter(f), OPTEE_GUEST_OK);
	assert_int_equal(f->guest.note, OPTEE_GUEST_RECLAIMED);
	assert_int_equal(f->model.removed, 64);
	assert_int_equal(model_count(&f->model, 1), 1);
	assert_served(f);
}

static void stuck_after_64_removals(void **state)
{
	struct fixture *f = *state;
	unsigned int n;

	f->model.slots = MODEL_MAX_GUESTS;
	for (n = 0; n < 65; n++)
		add_guest(f, 1);

	assert_int_equal(enter(f), OPTEE_GUEST_ESTUCK);
	assert_int_equal(f->guest.role, OPTEE_GUEST_NONE);
	assert_int_equal(f->model.removed, 64);
	assert_int_equal(f->model.added, 65);
}

static void stuck_if_optee_always_claims_the_guest(void **state)
{
	static const struct model_lie script[MODEL_MAX_LIES] = {
		{
			.fid = MODEL_CALLS_UID,
			.first = 2,
			.last = UINT_MAX,
			.res = { MODEL_UID_0, MODEL_UID_1, MODEL_UID_2,
				 MODEL_UID_3 },
		},
	};
	struct fixture *f = *state;

	model_script(&f->model, script);
	assert_int_equal(enter(f), OPTEE_GUEST_ESTUCK);
	assert_int_equal(f->guest.role, OPTEE_GUEST_NONE);
	assert_int_equal(f->model.removed, 64);
	assert_int_equal(f->model.added, 0);
}

/* One instruction: does OP-TEE answer it, and how often was it tried. */
struct conduit {
	bool answers;
	unsigned int calls;
};

static void conduit_call(void *ctx, unsigned long fid, unsigned long a1,
		     unsigned long a7, unsigned long res[4])
{
	struct conduit *conduit = ctx;

	assert_int_equal(fid, MODEL_CALLS_UID);
	assert_int_equal(a1, 0);
	assert_int_equal(a7, 0);
	conduit->calls++;
	res[0] = conduit->answers ? MODEL_UID_0 : MODEL_UNKNOWN;
	res[1] = MODEL_UID_1;
	res[2] = MODEL_UID_2;
	res[3] = MODEL_UID_3;
}

static void chooses_the_conduit_that_optee_answers(void **state)
{
	static const struct {
		bool hvc_safe, smc_safe, hvc_answers, smc_answers;
		enum optee_guest_conduit conduit;
		unsigned int hvc_calls, smc_calls;
	} table[] = {
		{ 0, 0, 0, 0, OPTEE_GUEST_NO_CONDUIT, 0, 0 },
		{ 0, 0, 0, 1, OPTEE_GUEST_NO_CONDUIT, 0, 0 },
		{ 0, 0, 1, 0, OPTEE_GUEST_NO_CONDUIT, 0, 0 },
		{ 0, 0, 1, 1, OPTEE_GUEST_NO_CONDUIT, 0, 0 },
		{ 0, 1, 0, 0, OPTEE_GUEST_SMC, 0, 0 },
		{ 0, 1, 0, 1, OPTEE_GUEST_SMC, 0, 0 },
		{ 0, 1, 1, 0, OPTEE_GUEST_SMC, 0, 0 },
		{ 0, 1, 1, 1, OPTEE_GUEST_SMC, 0, 0 },
		{ 1, 0, 0, 0, OPTEE_GUEST_HVC, 1, 0 },
		{ 1, 0, 0, 1, OPTEE_GUEST_HVC, 1, 0 },
		{ 1, 0, 1, 0, OPTEE_GUEST_HVC, 1, 0 },
		{ 1, 0, 1, 1, OPTEE_GUEST_HVC, 1, 0 },
		{ 1, 1, 0, 0, OPTEE_GUEST_HVC, 1, 1 },
		{ 1, 1, 0, 1, OPTEE_GUEST_SMC, 1, 1 },
		{ 1, 1, 1, 0, OPTEE_GUEST_HVC, 1, 0 },
		{ 1, 1, 1, 1, OPTEE_GUEST_HVC, 1, 0 },
	};
	size_t n;

	(void)state;

	for (n = 0; n < ARRAY_SIZE(table); n++) {
		struct conduit hvc = { .answers = table[n].hvc_answers };
		struct conduit smc = { .answers = table[n].smc_answers };
		const struct optee_guest_conduits conduits = {
			.hvc = { conduit_call, &hvc },
			.smc = { conduit_call, &smc },
			.hvc_safe = table[n].hvc_safe,
			.smc_safe = table[n].smc_safe,
		};

		print_message("row %zu\n", n);
		assert_int_equal(optee_guest_choose_conduit(&conduits), table[n].conduit);
		assert_int_equal(hvc.calls, table[n].hvc_calls);
		assert_int_equal(smc.calls, table[n].smc_calls);
	}
}

static void each_error_has_its_own_line(void **state)
{
	/* Some numbers beyond the last error, all "unknown". */
	const int end = OPTEE_GUEST_EANSWER + 1;
	const char *unknown = optee_guest_explain(end);
	int err, other;

	(void)state;

	for (err = OPTEE_GUEST_OK; err <= end; err++) {
		const char *line = optee_guest_explain(err);

		assert_true(strlen(line) > 0);
		assert_null(strchr(line, '\n'));
		for (other = OPTEE_GUEST_OK; other < err; other++)
			assert_string_not_equal(line,
						optee_guest_explain(other));
	}
	assert_string_equal(optee_guest_explain(-1), unknown);
	assert_string_equal(optee_guest_explain(INT_MAX), unknown);
}

static void each_role_has_its_name(void **state)
{
	(void)state;

	assert_string_equal(optee_guest_role_name(OPTEE_GUEST_NONE), "none");
	assert_string_equal(optee_guest_role_name(OPTEE_GUEST_PLAIN), "plain");
	assert_string_equal(optee_guest_role_name(OPTEE_GUEST_MEDIATED),
			    "mediated");
	assert_string_equal(optee_guest_role_name(OPTEE_GUEST_GUEST), "guest");
	assert_string_equal(optee_guest_role_name(OPTEE_GUEST_GUEST + 1),
			    "none");
	assert_string_equal(optee_guest_role_name(-1), "none");
}

static void an_unknown_role_neither_tags_nor_leaves(void **state)
{
	struct fixture *f = *state;

	f->guest.id = 1;
	f->guest.role = OPTEE_GUEST_GUEST + 1;
	assert_int_equal(optee_guest_tag(&f->guest), 0);
	assert_int_equal(optee_guest_leave(&f->guest, &f->transport),
			 OPTEE_GUEST_OK);
	assert_int_equal(f->guest.role, OPTEE_GUEST_NONE);
	assert_calls(&f->model, "");
}

static void only_16_bit_ids_are_valid(void **state)
{
	(void)state;

	assert_false(optee_guest_id_valid(0));
	assert_true(optee_guest_id_valid(1));
	assert_true(optee_guest_id_valid(65535));
	assert_false(optee_guest_id_valid(65536));
	assert_false(optee_guest_id_valid(UINT_MAX));
}

/* What the tests above rest on: a guest 1 is there wherever one can be. */
static void model_answers_like_optee(void **state)
{
	static const struct {
		const char *rule;
		enum model_build build;
		struct model_call call;
		unsigned long answer;
	} rules[] = {
		{ "a guest's call is served", MODEL_VIRT_4_5,
		  { MODEL_CALLS_UID, 0, 1 }, MODEL_UID_0 },
		{ "so is the hypervisor's", MODEL_VIRT_4_5,
		  { MODEL_CALLS_UID, 0, 0 }, MODEL_UID_0 },
		{ "a stranger's is refused", MODEL_VIRT_4_5,
		  { MODEL_CALLS_UID, 0, 2 }, MODEL_ENOTAVAIL },
		{ "tags have 16 bits", MODEL_VIRT_4_5,
		  { MODEL_CALLS_UID, 0, 0x10001 }, MODEL_UID_0 },
		{ "0x10000 is not the hypervisor", MODEL_VIRT_4_5,
		  { MODEL_CALLS_UID, 0, 0x10000 }, MODEL_ENOTAVAIL },
		{ "a plain build looks at no tag", MODEL_PLAIN,
		  { MODEL_CALLS_UID, 0, 2 }, MODEL_UID_0 },
		{ "duplicates are accepted", MODEL_VIRT_4_5,
		  { MODEL_VM_CREATED, 1, 0 }, MODEL_OK },
		{ "the hypervisor's own id is not", MODEL_VIRT_4_5,
		  { MODEL_VM_CREATED, 0, 0 }, MODEL_ENOTAVAIL },
		{ "nor if it has more than 16 bits", MODEL_VIRT_4_5,
		  { MODEL_VM_CREATED, 0x10000, 0 }, MODEL_ENOTAVAIL },
		{ "a guest creates none", MODEL_VIRT_4_5,
		  { MODEL_VM_CREATED, 2, 1 }, MODEL_ENOTAVAIL },
		{ "a guest destroys none", MODEL_VIRT_4_5,
		  { MODEL_VM_DESTROYED, 1, 1 }, MODEL_ENOTAVAIL },
		{ "destroying a stranger is fine", MODEL_VIRT_4_5,
		  { MODEL_VM_DESTROYED, 2, 0 }, MODEL_OK },
		{ "a plain build creates none", MODEL_PLAIN,
		  { MODEL_VM_CREATED, 1, 0 }, MODEL_UNKNOWN },
		{ "a plain build destroys none", MODEL_PLAIN,
		  { MODEL_VM_DESTROYED, 1, 0 }, MODEL_UNKNOWN },
		{ "an unknown function is unknown", MODEL_VIRT_4_5,
		  { 0xb200ffff, 0, 0 }, MODEL_UNKNOWN },
		{ "an untagged yielding call is refused", MODEL_VIRT_4_5,
		  { MODEL_CALL_WITH_ARG, 0, 0 }, MODEL_ENOTAVAIL },
		{ "a stranger's too", MODEL_VIRT_4_5,
		  { MODEL_CALL_WITH_ARG, 0, 2 }, MODEL_ENOTAVAIL },
		{ "before 4.2.0 it panics", MODEL_VIRT_4_1,
		  { MODEL_CALL_WITH_ARG, 0, 0 }, MODEL_POISON },
		{ "so it does in 3.8", MODEL_VIRT_3_8,
		  { MODEL_CALL_WITH_ARG, 0, 0 }, MODEL_POISON },
		{ "4.4 panics of notifications of a guest's", MODEL_VIRT_4_4,
		  { MODEL_ENABLE_ASYNC_NOTIF, 0, 1 }, MODEL_POISON },
		{ "3.8 knows no notifications", MODEL_VIRT_3_8,
		  { MODEL_ENABLE_ASYNC_NOTIF, 0, 0 }, MODEL_UNKNOWN },
		{ "a plain build serves it", MODEL_PLAIN,
		  { MODEL_CALL_WITH_ARG, 0, 0 }, MODEL_OK },
		{ "untagged cache call, 4.5", MODEL_VIRT_4_5,
		  { MODEL_DISABLE_SHM_CACHE, 0, 0 }, MODEL_ENOTAVAIL },
		{ "untagged cache call, 4.10", MODEL_VIRT_4_10,
		  { MODEL_DISABLE_SHM_CACHE, 0, 0 }, MODEL_POISON },
		{ "untagged notification call", MODEL_VIRT_4_10,
		  { MODEL_ENABLE_ASYNC_NOTIF, 0, 0 }, MODEL_POISON },
	};
	struct fixture *f = *state;
	struct model *m = &f->model;
	unsigned long res[4];
	size_t n;

	for (n = 0; n < ARRAY_SIZE(rules); n++) {
		bool panics = rules[n].answer == MODEL_POISON;

		print_message("%s\n", rules[n].rule);
		model_init(m, rules[n].build, MODEL_NATIVE);
		model_smc(m, MODEL_VM_CREATED, 1, 0, res);
		model_smc(m, rules[n].call.fid, rules[n].call.a1,
			  rules[n].call.a7, res);
		assert_int_equal(res[0], rules[n].answer);
		assert_int_equal(res[3], rules[n].answer == MODEL_UID_0 ?
				 MODEL_UID_3 : MODEL_POISON);
		assert_int_equal(!!m->panic, panics);

		/* Nobody comes back from a panic. */
		model_smc(m, MODEL_CALLS_UID, 0, 0, res);
		assert_int_equal(res[0],
				 panics ? MODEL_POISON : MODEL_UID_0);
		assert_int_equal(m->hung, panics);
	}
}

static void model_stops_a_caller_without_end(void **state)
{
	struct fixture *f = *state;
	unsigned long res[4];
	unsigned int n;

	for (n = 0; n < MODEL_MAX_CALLS; n++)
		model_call(&f->model, MODEL_CALLS_UID, 0, 0, res);
	assert_null(f->model.panic);
	assert_int_equal(res[0], MODEL_UID_0);

	model_call(&f->model, MODEL_CALLS_UID, 0, 0, res);
	assert_non_null(f->model.panic);
	assert_int_equal(res[0], MODEL_POISON);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, start, finish)

static const struct CMUnitTest singles[] = {
	TEST(enters_again_after_leave),
	TEST(enters_again_without_leave),
	TEST(reclaims_64_duplicates),
	TEST(stuck_after_64_removals),
	TEST(stuck_if_optee_always_claims_the_guest),
	TEST(finds_a_mediator_that_obliges),
	TEST(no_room_for_a_first_guest),
	TEST(no_room_beside_the_guest_with_the_highest_id),
	TEST(notifications_are_used_where_they_work),
	TEST(too_old_an_optee_reads_as_plain),
	TEST(some_processors_have_to_be_on_first),
	TEST(each_note_has_its_own_line),
	TEST(chooses_the_conduit_that_optee_answers),
	TEST(each_error_has_its_own_line),
	TEST(each_role_has_its_name),
	TEST(an_unknown_role_neither_tags_nor_leaves),
	TEST(only_16_bit_ids_are_valid),
	/* These panic on purpose, which finish() would not let pass. */
	cmocka_unit_test_setup(model_answers_like_optee, start),
	cmocka_unit_test_setup(model_stops_a_caller_without_end, start),
};

#define TESTS \
	(2 * (ARRAY_SIZE(enters) + ARRAY_SIZE(leaves) + ARRAY_SIZE(faulty)) + \
	 ARRAY_SIZE(singles))

struct suite {
	size_t count;
	struct CMUnitTest test[TESTS];
	struct fixture fixture[TESTS];
};

static void add_test(struct suite *s, const struct CMUnitTest *test,
		     const struct scenario *sc, unsigned long upper)
{
	struct fixture *f = &s->fixture[s->count];

	f->sc = sc;
	f->upper = upper;
	snprintf(f->name, sizeof(f->name), "%s%s", test->name,
		 upper ? "_upper_half_set" : "");

	s->test[s->count] = *test;
	s->test[s->count].name = f->name;
	s->test[s->count].initial_state = f;
	s->count++;
}

/* Once as it is, once with what a 64-bit register may hold above an answer. */
static void add_scenarios(struct suite *s, CMUnitTestFunction run,
			  const struct scenario *sc, size_t count)
{
	struct CMUnitTest test = TEST(run);
	size_t n;

	for (n = 0; n < count; n++) {
		test.name = sc[n].name;
		add_test(s, &test, &sc[n], 0);
		add_test(s, &test, &sc[n], ~0xfffffffful);
	}
}

int main(int argc, char **argv)
{
	struct suite *s = calloc(1, sizeof(*s));
	unsigned int ran = 0;
	int failed;
	size_t n;

	if (!s)
		return 1;

	add_scenarios(s, enters_as_told, enters, ARRAY_SIZE(enters));
	add_scenarios(s, leaves_as_told, leaves, ARRAY_SIZE(leaves));
	add_scenarios(s, one_wrong_answer_does_no_harm, faulty,
		      ARRAY_SIZE(faulty));
	for (n = 0; n < ARRAY_SIZE(singles); n++)
		add_test(s, &singles[n], &native, 0);

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	failed = cmocka_run_group_tests_name("core", s->test, NULL, NULL);

	/* cmocka is content with a filter that matches nothing. */
	for (n = 0; n < s->count; n++)
		ran += s->fixture[n].ran;
	free(s);

	return failed || !ran;
}
