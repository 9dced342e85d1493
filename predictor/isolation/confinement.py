"""Confinement of a process that reads a model: the restrictions of the operating system.

docs/isolation.md lists the restrictions, and the reasons why some machines lack some of them.
"""

import fcntl
import os
import platform
import pwd
import resource
import signal
import stat
import sys
import sysconfig
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from predictor.isolation import landlock, libc, seccomp

# Options of prctl(2).
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38

STANDARD_STREAMS = {0, 1, 2}

# An estimator process has a socket for each thread of each worker.
MAX_DESCRIPTORS = 4096

# Threads of all confined processes together, where they have a user of their own.
MAX_THREADS = 4096

# Directories of packages on `sys.path`. The other entries can be the project's directory, which
# contains its database and its secret key.
PACKAGE_DIRECTORIES = ("site-packages", "dist-packages")

# Shared libraries, time zones, devices, and the number and kind of processors: joblib fails if it
# cannot read the quota of the control group.
SYSTEM_FILES = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"),
    *("/usr/share/zoneinfo", "/etc/localtime", "/dev/null", "/dev/urandom"),
    *("/proc/cpuinfo", "/sys/devices/system/cpu", "/sys/devices/system/node"),
    *("/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
)

NOBODY = 65534


def confine(  # noqa: PLR0913 - each parameter is a permission
    *,
    readable: Collection[Path] = (),
    writable: Collection[Path] = (),
    keep: Collection[int] = (),
    memory_bytes: int,
    cpu_seconds: int | None = None,
    parent: int,
) -> list[str]:
    """Confine this process for ever, and return a sentence for each restriction that is missing.

    Parameters
    ----------
    readable : collection of Path
        Files and directories that may be read besides those of `python_files`.
    writable : collection of Path
        Directories in which files may be created, changed and removed.
    keep : collection of int
        Descriptors that stay open. A standard stream that is not among them becomes /dev/null.
    memory_bytes : int
        Maximum address space. Shared libraries count: about 1 GiB with scikit-learn and ONNX
        Runtime.
    cpu_seconds : int, optional
        Maximum processor time.
    parent : int
        The process that forked this process, by a thread that lives as long as the process. Its
        death kills this process.

    Raises
    ------
    RuntimeError
        This process has several threads; Landlock would restrict only one of them.
    OSError
        The machine supports a restriction, but refuses to apply it.
    """
    if sys.platform == "linux" and len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - a count
        raise RuntimeError("A process with several threads cannot be confined.")
    close_descriptors(keep)
    files = [path for path in (*python_files(), *readable) if path.exists()]
    version = landlock.get_version()
    rules = landlock.open_rules(version, files, writable) if version else None
    _set_limits(memory_bytes, cpu_seconds, writes=bool(writable) or any(map(_is_written, keep)))
    if os.geteuid() == 0:
        _drop_root(files, writable)
    missing = missing_restrictions()
    if sys.platform == "linux":
        libc.drop_capabilities()
        libc.prctl(PR_SET_DUMPABLE, 0)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1)
    end_with(parent)  # a change of user would reset it
    if rules is not None:
        landlock.enforce(rules)
    if seccomp.is_available():
        seccomp.install(may_write=bool(writable))
    return missing


def end_with(parent: int) -> None:
    """Let the end of the thread that started this process kill it; exit if the parent has ended."""
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def missing_restrictions() -> list[str]:
    """Return a sentence for each restriction that this machine cannot apply."""
    if sys.platform != "linux":
        return [f"{platform.system()} cannot confine the process of a model, only limit it."]
    missing = []
    if not (version := landlock.get_version()):
        missing.append(
            "Landlock is not available: the process of a model can read all files that its user "
            "can read."
        )
    if not seccomp.is_available():
        missing.append(
            "The seccomp filter is not available: the process of a model can start processes, "
            "signal processes of its user, and use the network."
        )
        if 0 < version < landlock.SCOPE_VERSION:
            missing.append(
                f"Landlock has version {version}: it restricts signals and abstract sockets from "
                f"version {landlock.SCOPE_VERSION}, TCP from version {landlock.TCP_VERSION}."
            )
    return missing


def python_files() -> list[Path]:
    """Return the files of Python, its packages, this package and the system's libraries."""
    paths = sysconfig.get_paths()
    names = [
        *(paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")),
        *(entry for entry in sys.path if Path(entry).name in PACKAGE_DIRECTORIES),
        sysconfig.get_config_var("LIBDIR") or paths["stdlib"],
        *SYSTEM_FILES,
    ]
    return [Path(__file__).resolve().parents[1], *map(Path, dict.fromkeys(names))]


def close_descriptors(keep: Collection[int]) -> None:
    """Close all descriptors but these; redirect the other standard streams to /dev/null."""
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers
        if int(name) not in STANDARD_STREAMS.union(keep):
            with suppress(OSError):  # the descriptor of the list is closed
                os.close(int(name))
    null = os.open(os.devnull, os.O_RDWR)
    for number in STANDARD_STREAMS.difference(keep, [null]):
        os.dup2(null, number)
    if null not in STANDARD_STREAMS:
        os.close(null)


def _is_written(descriptor: int) -> bool:
    """Return whether a descriptor is a file that is open for writing."""
    mode = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
    return mode != os.O_RDONLY and stat.S_ISREG(os.fstat(descriptor).st_mode)


def _set_limits(memory_bytes: int, cpu_seconds: int | None, *, writes: bool) -> None:
    """Set the limits of resources. RLIMIT_DATA would not count shared memory."""
    _lower(resource.RLIMIT_AS, memory_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, memory_bytes if writes else 0)
    _lower(resource.RLIMIT_NOFILE, MAX_DESCRIPTORS)
    if cpu_seconds is not None:
        # SIGXCPU tells the reason. A process that ignores it is killed a second later.
        _lower(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1)


def _lower(limit: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, as far as it is not lower already."""
    hard = soft if hard is None else hard
    old = resource.getrlimit(limit)[1]
    most = hard if old == resource.RLIM_INFINITY else old
    resource.setrlimit(limit, (min(soft, most), min(hard, most)))


def _others_may(right: int, paths: Collection[Path]) -> bool:
    """Return whether any user has a right to these files, according to their modes."""
    return all(
        path.stat().st_mode & right
        and all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)
        for path in paths
    )


def _drop_root(readable: Collection[Path], writable: Collection[Path]) -> None:
    """Become the user `nobody`, if that user can read Python and the files of the process.

    Otherwise, and in a user namespace without that user, the process stays root's. In both cases
    the caller drops all capabilities.
    """
    with suppress(OSError):
        os.setgroups([])
        if _others_may(stat.S_IROTH, readable) and _others_may(stat.S_IWOTH, writable):
            uid, gid = _find_nobody()
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            _lower(resource.RLIMIT_NPROC, MAX_THREADS)


def _find_nobody() -> tuple[int, int]:
    try:
        user = pwd.getpwnam("nobody")
    except KeyError:
        return NOBODY, NOBODY
    return user.pw_uid, user.pw_gid
