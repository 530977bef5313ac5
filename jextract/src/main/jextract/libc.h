/* The headers from which dev.starling.jextract.libc is cut; input of the jextract tool. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>
#include <sys/syscall.h>
/* The kernel's header repeats a struct of the C library's. */
#define sched_param kernel_sched_param
#include <linux/sched/types.h>
#undef sched_param
