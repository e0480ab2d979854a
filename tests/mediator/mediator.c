// SPDX-License-Identifier: BSD-2-Clause
/*
 * A hypervisor that is nothing but an OP-TEE mediator, for tests: it sits at EL2
 * below one CPU and does to the calls of the kernel what it was told.
 *
 * The kernel tells it with SMC CONTROL: a1 = what to do, see enum, a2 = which
 * call of the guest protocol is to be answered wrongly, counted from 1 and from
 * now on, a3 = by what.
 */
#define CONTROL			0x86000001ul	/* vendor-specific hypervisor call */

#define CALLS_UID		0xbf00ff01ul
#define EXCHANGE_CAPABILITIES	0xb2000009ul
#define VM_CREATED		0xb200000dul
#define VM_DESTROYED		0xb200000eul

#define OK			0ul
#define UNKNOWN			0xfffffffful
#define CAP_VIRTUALIZATION	0x8ul

#define UID_0			0x384fb3e0ul
#define UID_1			0xe7f811e3ul
#define UID_2			0xaf630002ul
#define UID_3			0xa5d5c51bul

/* The guest that the kernel is, as for Xen's dom0. */
#define CLIENT			1

/* bench/board.py: MEDIATOR_* */
enum {
	TAG	= 1,	/* put CLIENT into a7 */
	DROP	= 2,	/* put 0 into a7 */
	FILTER	= 4,	/* VM_CREATED and VM_DESTROYED are unknown */
	STRIP	= 8,	/* hide the capability */
	OBLIGE	= 32,	/* VM_CREATED and VM_DESTROYED are answered OK, in vain */
	EFFECT	= 16,	/* the call answered wrongly has its effect */
};

/* Not in .bss, which nobody clears. */
static struct {
	unsigned long mode;
	unsigned long wrong;
	unsigned long answer;
} told __attribute__((section(".data")));

void forward(unsigned long x[8]);
void mediate(unsigned long x[8]);

/* Owners 50..63: trusted applications and the trusted OS (Arm DEN0028). */
static int is_for_optee(unsigned long fid)
{
	return (fid >> 24 & 0x3f) >= 50;
}

static int is_of_the_protocol(const unsigned long x[8])
{
	return x[0] == VM_CREATED || x[0] == VM_DESTROYED ||
	       (x[0] == CALLS_UID && x[7]);
}

static void answer(unsigned long x[8], unsigned long value)
{
	x[0] = value;
	x[1] = value == UID_0 ? UID_1 : value;
	x[2] = value == UID_0 ? UID_2 : value;
	x[3] = value == UID_0 ? UID_3 : value;
}

static void mediate_optee(unsigned long x[8])
{
	const unsigned long fid = x[0];
	const unsigned long a7 = x[7];

	if (told.mode & FILTER && (fid == VM_CREATED || fid == VM_DESTROYED)) {
		x[0] = UNKNOWN;
		return;
	}

	if (told.mode & OBLIGE && (fid == VM_CREATED || fid == VM_DESTROYED)) {
		x[0] = OK;
		return;
	}

	if (told.mode & TAG)
		x[7] = CLIENT;
	if (told.mode & DROP)
		x[7] = 0;
	forward(x);
	x[7] = a7;

	if (told.mode & STRIP && fid == EXCHANGE_CAPABILITIES)
		x[1] &= ~CAP_VIRTUALIZATION;
}

void mediate(unsigned long x[8])
{
	x[0] &= 0xfffffffful;

	if (x[0] == CONTROL) {
		told.mode = x[1];
		told.wrong = x[2];
		told.answer = x[3];
		x[0] = 0;
	} else if (!is_for_optee(x[0])) {
		forward(x);
	} else if (is_of_the_protocol(x) && told.wrong && !--told.wrong) {
		if (told.mode & EFFECT)
			mediate_optee(x);
		answer(x, told.answer);
	} else {
		mediate_optee(x);
	}
}
