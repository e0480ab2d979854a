// SPDX-License-Identifier: BSD-2-Clause
/*
 * As much of Xen's toolstack as it takes for a domain to come and go, with a guest in
 * OP-TEE and without memory or a processor that would run:
 *   domain create NUMBER
 *   domain destroy NUMBER
 *
 * Layouts and numbers: xen/include/public/domctl.h and arch-arm.h in Xen 4.17, and
 * include/uapi/xen/privcmd.h in Linux 6.12.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define HYPERCALL_DOMCTL	36
#define DOMCTL_VERSION		0x15
#define DOMCTL_CREATE		1
#define DOMCTL_DESTROY		2
#define CREATE_HVM_HAP		3
#define TEE_OPTEE		1

struct domctl {
	uint32_t command;
	uint32_t version;
	uint16_t domain;
	uint16_t reserved[3];
	union {
		struct {
			uint32_t ssid;
			uint8_t handle[16];
			uint32_t flags;
			uint32_t iommu;
			uint32_t max_vcpus;
			uint32_t max_evtchn_port;
			int32_t max_grant_frames;
			int32_t max_maptrack_frames;
			uint32_t grants;
			uint32_t vmtrace_size;
			uint32_t cpupool;
			uint8_t gic;
			uint16_t tee;
			uint32_t spis;
			uint32_t clock_frequency;
		} create;
		uint64_t whole[16];
	};
};

struct hypercall {
	uint64_t number;
	uint64_t arguments[5];
};

#define PRIVCMD_HYPERCALL	_IOC(_IOC_NONE, 'P', 0, sizeof(struct hypercall))

int main(int argc, char *argv[])
{
	struct domctl domctl = { .version = DOMCTL_VERSION };
	struct hypercall call = {
		HYPERCALL_DOMCTL, { (uintptr_t)&domctl }
	};
	int privcmd = open("/dev/xen/privcmd", O_RDWR);

	if (privcmd < 0) {
		perror("/dev/xen/privcmd");
		return 1;
	}
	if (argc == 3 && !strcmp(argv[1], "create")) {
		domctl.command = DOMCTL_CREATE;
		domctl.create.flags = CREATE_HVM_HAP;
		domctl.create.max_vcpus = 1;
		domctl.create.max_evtchn_port = 1023;
		domctl.create.max_grant_frames = -1; /* its own limits */
		domctl.create.max_maptrack_frames = -1;
		domctl.create.grants = 1;
		domctl.create.tee = TEE_OPTEE;
	} else if (argc == 3 && !strcmp(argv[1], "destroy")) {
		domctl.command = DOMCTL_DESTROY;
	} else {
		fprintf(stderr, "usage: domain create|destroy NUMBER\n");
		return 1;
	}
	domctl.domain = atoi(argv[2]);

	/* Xen reads it where it is. */
	if (mlock(&domctl, sizeof(domctl)) ||
	    ioctl(privcmd, PRIVCMD_HYPERCALL, &call) < 0) {
		perror(argv[1]);
		return 1;
	}

	return 0;
}
