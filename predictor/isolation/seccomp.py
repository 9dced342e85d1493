"""Filter of the system calls of a process, see seccomp(2).

All calls are refused but those in the tables. A refused call returns an error, because libraries
try calls and have other ways if they fail; a killed process would not tell the reason.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator, Sequence

from predictor.isolation import libc

# Number of each allowed call on x86-64 and on aarch64; "-" is a call that aarch64 does not have.
ALLOWED = """
read 0 63  write 1 64  readv 19 65  writev 20 66  pread64 17 67  pwrite64 18 68  lseek 8 62
close 3 57  close_range 436 436  dup 32 23  dup2 33 -  dup3 292 24  pipe 22 -  pipe2 293 59
stat 4 -  lstat 6 -  fstat 5 80  newfstatat 262 79  statx 332 291  statfs 137 43  fstatfs 138 44
access 21 -  faccessat 269 48  faccessat2 439 439  readlink 89 -  readlinkat 267 78
getdents64 217 61  getcwd 79 17  ftruncate 77 46  fsync 74 82  fdatasync 75 83  umask 95 166
mmap 9 222  munmap 11 215  mprotect 10 226  mremap 25 216  madvise 28 233  brk 12 214
mbind 237 235  get_mempolicy 239 236
poll 7 -  ppoll 271 73  select 23 -  pselect6 270 72  eventfd2 290 19
epoll_create1 291 20  epoll_ctl 233 21  epoll_wait 232 -  epoll_pwait 281 22
accept 43 202  accept4 288 242  recvfrom 45 207  recvmsg 47 212  sendto 44 206  sendmsg 46 211
shutdown 48 210  getsockname 51 204  getpeername 52 205  getsockopt 55 209
futex 202 98  set_robust_list 273 99  rseq 334 293  sched_yield 24 124  getcpu 309 168
sched_getaffinity 204 123  sched_getparam 143 121  sched_getscheduler 145 120
rt_sigaction 13 134  rt_sigprocmask 14 135  rt_sigreturn 15 139  rt_sigtimedwait 128 137
rt_sigsuspend 130 133  pause 34 -  sigaltstack 131 132  restart_syscall 219 128
setitimer 38 103  getitimer 36 102
clock_gettime 228 113  clock_getres 229 114  clock_nanosleep 230 115  nanosleep 35 101
gettimeofday 96 169  time 201 -  times 100 153  getrusage 98 165
getpid 39 172  getppid 110 173  gettid 186 178  getuid 102 174  geteuid 107 175  getgid 104 176
getegid 108 177  uname 63 160  sysinfo 99 179  getrlimit 97 163  getrandom 318 278
arch_prctl 158 -  wait4 61 260  exit 60 93  exit_group 231 94
"""

# Allowed only where the process has a writable directory.
WRITING = """
mkdir 83 -  mkdirat 258 34  rename 82 -  renameat 264 38  renameat2 316 276
unlink 87 -  unlinkat 263 35  rmdir 84 -
"""

# Allowed only with certain arguments.
CHECKED = """
open 2 -  openat 257 56  clone 56 220  prlimit64 302 261  tgkill 234 131  prctl 157 167
ioctl 16 29  fcntl 72 25  sched_setaffinity 203 122
"""

# Column of the tables, and AUDIT_ARCH_... of <linux/audit.h>, for each `platform.machine()`.
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# Later calls have the same number on all architectures. Libraries use older calls where the kernel
# does not have them, as ENOSYS says; clone3, whose flags a filter cannot read, is among them.
FIRST_COMMON_CALL = 424

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
KILL_PROCESS, ERROR, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000

# Instructions of the filter, and offsets in the data that it reads: struct seccomp_data.
LOAD, JUMP_IF_EQUAL, JUMP_IF_GREATER_OR_EQUAL, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
LOW, HIGH = 0, 4  # halves of an argument
ALL_BITS = 0xFFFFFFFF

CLONE_THREAD = 0x10000
# open(2): neither writing nor creating.
WRITE_FLAGS = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
PR_SET_NAME, PR_GET_NAME = 15, 16
TCGETS, TIOCGWINSZ, FIONBIO, FIONCLEX, FIOCLEX = 0x5401, 0x5413, 0x5421, 0x5450, 0x5451
F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC = 0, 1, 2, 3, 4, 1030

# A condition is an offset of a half of an argument, a mask of its bits, and their value.
Condition = tuple[int, int, int]


def is_available() -> bool:
    """Return whether the kernel has filters, and the tables contain the architecture."""
    if platform.machine() not in ARCHITECTURES:
        return False
    try:
        libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER)
    except OSError as exc:
        return (
            exc.errno == errno.EFAULT
        )  # the kernel has read the address of the filter, which is 0
    return False


def install(*, may_write: bool) -> None:
    """Filter the calls of this process for ever; no_new_privs must be set."""
    install_program(b"".join(_build(platform.machine(), may_write=may_write)))


def install_program(program: bytes) -> None:
    """Filter the calls of this process by the instructions of a program."""
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header)


def get_numbers(table: str, machine: str) -> dict[str, int]:
    """Return the number of each call of a table that an architecture has."""
    column, _ = ARCHITECTURES[machine]
    words = table.split()
    rows = zip(words[::3], words[1 + column :: 3], strict=True)
    return {name: int(number) for name, number in rows if number != "-"}


def _build(machine: str, *, may_write: bool) -> Iterator[bytes]:
    """Yield the instructions of the filter."""
    yield _instruction(LOAD, ARCHITECTURE)
    yield _instruction(JUMP_IF_EQUAL, ARCHITECTURES[machine][1], 1, 0)
    yield _instruction(RETURN, KILL_PROCESS)  # calls of a 32-bit program have other numbers
    yield _instruction(LOAD, NUMBER)
    for number in get_numbers(ALLOWED + (WRITING if may_write else ""), machine).values():
        yield _instruction(JUMP_IF_EQUAL, number, 0, 1)
        yield _instruction(RETURN, ALLOW)
    numbers = get_numbers(CHECKED, machine)
    for name, conditions in _conditions(may_write=may_write):
        if name in numbers:
            yield from _check(numbers[name], conditions)
    yield _instruction(LOAD, NUMBER)
    yield _instruction(JUMP_IF_GREATER_OR_EQUAL, FIRST_COMMON_CALL, 0, 1)
    yield _instruction(RETURN, ERROR | errno.ENOSYS)
    yield _instruction(RETURN, ERROR | errno.EPERM)


def _conditions(*, may_write: bool) -> Iterator[tuple[str, Sequence[Condition]]]:
    """Yield a call and the conditions that allow it together; a call can occur several times."""
    yield "open", () if may_write else [(_argument(1), WRITE_FLAGS, os.O_RDONLY)]
    yield "openat", () if may_write else [(_argument(2), WRITE_FLAGS, os.O_RDONLY)]
    yield "clone", [(_argument(0), CLONE_THREAD, CLONE_THREAD)]
    yield "tgkill", [(_argument(0), ALL_BITS, os.getpid())]  # abort(3)
    yield "sched_setaffinity", [(_argument(0), ALL_BITS, 0)]
    new_limit = [(_argument(2, half), ALL_BITS, 0) for half in (LOW, HIGH)]
    yield "prlimit64", [(_argument(0), ALL_BITS, 0), *new_limit]  # getrlimit(3)
    for option in (PR_SET_NAME, PR_GET_NAME):
        yield "prctl", [(_argument(0), ALL_BITS, option)]
    for request in (TCGETS, TIOCGWINSZ, FIONBIO, FIONCLEX, FIOCLEX):
        yield "ioctl", [(_argument(1), ALL_BITS, request)]
    for command in (F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC):
        yield "fcntl", [(_argument(1), ALL_BITS, command)]


def _check(number: int, conditions: Sequence[Condition]) -> Iterator[bytes]:
    """Yield the instructions that allow a call if all conditions hold."""
    yield _instruction(LOAD, NUMBER)
    yield _instruction(JUMP_IF_EQUAL, number, 0, 3 * len(conditions) + 1)
    for i, (offset, mask, value) in enumerate(conditions, 1):
        yield _instruction(LOAD, offset)
        yield _instruction(AND, mask)
        yield _instruction(JUMP_IF_EQUAL, value, 0, 3 * (len(conditions) - i) + 1)
    yield _instruction(RETURN, ALLOW)


def _argument(number: int, half: int = LOW) -> int:
    """Return the offset of a half of an argument; both architectures are little-endian."""
    return ARGUMENTS + 8 * number + half


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
