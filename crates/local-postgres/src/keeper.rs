//! The keeper: a forked child that outlives its user, waits until the last user of the cluster is gone, and
//! then stops the server.

use std::ffi::{CStr, CString};
use std::io;
use std::ptr;

use crate::Error;
use crate::descriptors;
use crate::layout::Layout;
use crate::stop::{Stop, c_string, reap};

/// A keeper, which is a child of this process.
#[derive(Debug)]
pub(crate) struct Keeper {
    pid: libc::pid_t,
}

/// Data for the child, allocated before the fork: the child must not allocate (see [`crate::stop`]).
struct Orders {
    users_lock: CString,
    stop: Stop,
    /// Arguments of the shell command that removes a throwaway cluster.
    removal: Option<Vec<CString>>,
    path_variable: CString,
}

impl Keeper {
    /// Forks a keeper. The caller must hold a shared lock of the users, or the keeper would begin at once.
    ///
    /// After stopping the server it removes the folders of `layout` if they are `throwaway`.
    pub(crate) fn fork(layout: &Layout, stop: Stop, throwaway: bool) -> Result<Keeper, Error> {
        let orders = Orders::new(layout, stop, throwaway);
        let arguments = pointers(orders.removal.as_deref().unwrap_or_default());
        let environment = pointers(std::slice::from_ref(&orders.path_variable));
        // SAFETY: the child makes system calls only. Signals are blocked meanwhile, because a handler of this
        // program must not run in the child: it might write into a shared pipe.
        let pid = unsafe {
            let mut all: libc::sigset_t = std::mem::zeroed();
            let mut before: libc::sigset_t = std::mem::zeroed();
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            let pid = libc::fork();
            if pid == 0 {
                keep(&orders, &arguments, &environment);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut());
            pid
        };
        if pid < 0 {
            let cause = io::Error::last_os_error();
            return Err(Error::Io { doing: "fork".to_owned(), cause });
        }
        Ok(Keeper { pid })
    }

    /// Ends the keeper. The caller must hold a lock of the users, so that the keeper is still waiting.
    pub(crate) fn dismiss(self) {
        // SAFETY: system calls. The process number is still our child's unless other code has waited for it,
        // which the first call detects.
        unsafe {
            if libc::waitpid(self.pid, ptr::null_mut(), libc::WNOHANG) == 0 {
                libc::kill(self.pid, libc::SIGKILL);
                reap(self.pid);
            }
        }
    }
}

impl Orders {
    fn new(layout: &Layout, stop: Stop, throwaway: bool) -> Orders {
        let removal = throwaway.then(|| {
            vec![
                c"/bin/sh".to_owned(),
                c"-c".to_owned(),
                c"rm -rf -- \"$@\"".to_owned(),
                c"sh".to_owned(),
                c_string(&layout.data_dir),
                c_string(&layout.socket_dir),
            ]
        });
        let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned());
        Orders {
            users_lock: c_string(&layout.users_lock()),
            stop,
            removal,
            path_variable: CString::new(format!("PATH={path}")).unwrap_or_default(),
        }
    }
}

/// The keeper's work. Runs in the child; see [`crate::stop`] for the restrictions.
///
/// # Safety
/// Only in a child just forked, with all signals blocked.
unsafe fn keep(orders: &Orders, arguments: &[*const libc::c_char], environment: &[*const libc::c_char]) -> ! {
    // SAFETY: system calls with valid pointers.
    unsafe {
        detach();
        // Without `O_CLOEXEC`, so that the command that removes a throwaway cluster holds the lock to its
        // end.
        let mut lock = libc::open(orders.users_lock.as_ptr(), libc::O_RDONLY);
        loop {
            while libc::flock(lock, libc::LOCK_EX) == -1 {
                if io::Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
                    libc::_exit(1);
                }
            }
            // If the file was deleted, later users have locked another one.
            let mut found: libc::stat = std::mem::zeroed();
            if libc::fstat(lock, &mut found) == -1 || found.st_nlink > 0 {
                break;
            }
            let successor = libc::open(orders.users_lock.as_ptr(), libc::O_RDONLY);
            if successor == -1 {
                break;
            }
            lock = successor;
        }
        orders.stop.run(None);
        if orders.removal.is_some() {
            libc::execve(arguments[0], arguments.as_ptr(), environment.as_ptr());
        }
        libc::_exit(0);
    }
}

/// Detaches from the parent: session, folder, signals, open files, name.
///
/// # Safety
/// Only in a child just forked.
unsafe fn detach() {
    // SAFETY: system calls with valid pointers.
    unsafe {
        libc::setsid();
        libc::chdir(c"/".as_ptr());
        for signal in 1..32 {
            libc::signal(signal, libc::SIG_DFL);
        }
        // A signal to the process group is meant for the user; the keeper cleans up afterwards.
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
            libc::signal(signal, libc::SIG_IGN);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &none, ptr::null_mut());
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        for descriptor in 0..3 {
            libc::dup2(null, descriptor);
        }
        // The parent's listening sockets, pipes and in particular its lock must not stay open here.
        descriptors::close_from(3);
        rename_to(c"postgres-keeper");
    }
}

/// Renames the process for `ps` and `pgrep`, so that `killall calls` does not end it.
///
/// # Safety
/// Only in a child just forked.
#[cfg(target_os = "linux")]
unsafe fn rename_to(name: &CStr) {
    // SAFETY: a system call with a valid string.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// Other systems have no such call.
///
/// # Safety
/// Always safe.
#[cfg(not(target_os = "linux"))]
unsafe fn rename_to(_name: &CStr) {}

/// The strings as a null-terminated array for `execve`.
fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
}
