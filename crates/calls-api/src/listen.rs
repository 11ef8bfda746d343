//! Addresses and sockets that the server listens on.

use std::fmt;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, bail};
use listenfd::ListenFd;

/// Address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address and port; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A Unix socket at an absolute path.
    Unix(PathBuf),
}

impl Listen {
    /// Whether only this machine can connect.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unix = text.strip_prefix("unix:").filter(|path| path.starts_with('/'));
        match (unix, text.parse()) {
            (Some(path), _) => Ok(Self::Unix(path.into())),
            (None, Ok(address)) => Ok(Self::Tcp(address)),
            (None, Err(_)) => Err(format!(
                "expected an address and port such as 127.0.0.1:8000, or unix: and an absolute path such as \
                 unix:/run/calls.sock, but found {text:?}"
            )),
        }
    }
}

/// Listening socket.
#[derive(Debug)]
pub enum Socket {
    /// A TCP socket.
    Tcp(TcpListener),
    /// A Unix socket, and its file, if it is this process's own.
    Unix(UnixListener, Option<SocketFile>),
}

impl Socket {
    /// The sockets passed by systemd (sd_listen_fds(3)), or else a socket at the address `listen`.
    ///
    /// # Errors
    /// A socket is of an unsupported kind, or the path cannot be bound.
    pub fn open(listen: &Listen) -> anyhow::Result<Vec<Self>> {
        let mut inherited = ListenFd::from_env();
        if inherited.len() == 0 {
            return Ok(vec![Self::new(listen)?]);
        }
        (0..inherited.len()).map(|index| Self::inherit(&mut inherited, index)).collect()
    }

    /// A socket at the address `listen`.
    ///
    /// # Errors
    /// The path cannot be bound.
    pub fn new(listen: &Listen) -> anyhow::Result<Self> {
        let socket = match listen {
            Listen::Tcp(address) => TcpListener::bind(address).map(Self::Tcp).map_err(anyhow::Error::from),
            Listen::Unix(path) => {
                bind_unix(path).map(|unix| Self::Unix(unix, Some(SocketFile(path.clone()))))
            }
        };
        socket.with_context(|| format!("cannot listen on {listen}"))
    }

    /// `http://127.0.0.1:8000`, or `unix:/run/calls.sock`.
    pub fn address(&self) -> String {
        match self {
            Self::Tcp(listener) => {
                listener.local_addr().map_or_else(|error| error.to_string(), |at| format!("http://{at}"))
            }
            Self::Unix(listener, _) => {
                let address = listener.local_addr().ok();
                let path =
                    address.as_ref().and_then(|address| address.as_pathname()).unwrap_or(Path::new(""));
                format!("unix:{}", path.display())
            }
        }
    }

    /// Another handle of the same socket. The file of a Unix socket stays with this one.
    ///
    /// # Errors
    /// As many files are open as the process may open.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(listener) => Self::Tcp(listener.try_clone()?),
            Self::Unix(listener, _) => Self::Unix(listener.try_clone()?, None),
        })
    }

    fn inherit(inherited: &mut ListenFd, index: usize) -> anyhow::Result<Self> {
        if let Ok(Some(listener)) = inherited.take_tcp_listener(index) {
            return Ok(Self::Tcp(listener));
        }
        match inherited.take_unix_listener(index) {
            Ok(Some(listener)) => Ok(Self::Unix(listener, None)),
            _ => bail!("expected TCP and Unix sockets from systemd, but found another at place {index}"),
        }
    }

    /// Whether only this machine can connect.
    pub fn is_loopback(&self) -> bool {
        let is_loopback = |address: SocketAddr| Listen::Tcp(address).is_loopback();
        match self {
            Self::Tcp(listener) => listener.local_addr().is_ok_and(is_loopback),
            Self::Unix(..) => true,
        }
    }
}

/// The file of a Unix socket, removed when it is dropped.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // The file may have been removed already.
        let _ = fs::remove_file(&self.0);
    }
}

/// Listens at a path, for connections of this process' user and group. A stale socket of a killed server is
/// replaced; any other file is left.
fn bind_unix(path: &Path) -> anyhow::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {
            if UnixStream::connect(path).is_ok() {
                bail!("another process listens on this address");
            }
            fs::remove_file(path).context("cannot remove the socket of a server that has ended")?;
        }
        Ok(_) => bail!("expected no file or a socket, but found another file"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_port_or_a_path() {
        for text in ["127.0.0.1:8000", "[::1]:0", "unix:/run/calls.sock"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        for text in ["", "here", "8000", "unix:", "unix:calls.sock", "/run/calls.sock", "http://[::1]:80"] {
            let error = text.parse::<Listen>().unwrap_err();
            assert!(
                error.contains("unix:/run/calls.sock") && error.contains(&format!("{text:?}")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_socket_that_nobody_listens_on_is_replaced_and_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.sock");
        let listen = Listen::Unix(path.clone());
        let first = Socket::new(&listen).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        let taken = format!("{:#}", Socket::new(&listen).unwrap_err());
        assert!(taken.contains("another process listens on this address"), "{taken}");
        let Socket::Unix(listener, Some(file)) = first else { panic!("{first:?}") };
        drop(listener);
        let second = Socket::new(&listen).unwrap();
        // Simulates a killed server, which leaves its file.
        std::mem::forget(file);
        drop(second);
        assert!(!path.exists());
        fs::write(&path, "calls").unwrap();
        let other = format!("{:#}", Socket::new(&listen).unwrap_err());
        assert!(other.contains("found another file"), "{other}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "calls");
    }
}
