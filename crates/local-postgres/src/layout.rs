//! The files of a data folder, and who may enter them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::{self, Account};
use crate::url;

/// The port of a server that does not listen in the network: a part of the socket's name.
pub(crate) const PORT: u16 = 5432;

/// The cluster's superuser.
pub(crate) const USER: &str = "postgres";

/// The log is moved aside when a server starts and it is larger than this many bytes.
const LOG_LIMIT: u64 = 8 * 1024 * 1024;

/// Number of log lines that an error shows.
const TAIL_LINES: usize = 15;

/// The paths of one data folder, and the user its server runs as.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The data folder: absolute, without symbolic links.
    pub(crate) data_dir: PathBuf,
    /// The folder of the server's socket.
    pub(crate) socket_dir: PathBuf,
    /// The port in the socket's name, and the one in the network if the server listens there.
    pub(crate) port: u16,
    /// Whom the server runs as; `None`: as this process.
    pub(crate) account: Option<Account>,
}

/// The folder for the data when nobody chooses one: `/var/lib/calls` for root, `calls` in the user's data
/// folder else (`XDG_DATA_HOME`, on macOS `~/Library/Application Support`, elsewhere `~/.local/share`).
///
/// Root has a folder of its own because the user that the server drops to could not enter root's home.
pub fn default_data_dir() -> Result<PathBuf, Error> {
    if account::is_root() {
        return Ok(PathBuf::from("/var/lib/calls"));
    }
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let in_home = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(in_home)))
        .map(|folder| folder.join("calls"))
        .ok_or(Error::NoDataDir)
}

/// Whether a data folder holds a cluster.
pub fn has_cluster(data_dir: &Path) -> bool {
    data_dir.join("postgres/PG_VERSION").exists()
}

impl Layout {
    /// Makes the data folder if needed and finds out who its server runs as.
    pub(crate) fn prepare(data_dir: &Path, port: u16) -> Result<Layout, Error> {
        // Others need to pass through a folder of root's to reach the server's, a user's own folder is nobody
        // else's business.
        let mode = if account::is_root() { 0o711 } else { 0o700 };
        DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(data_dir)
            .map_err(Error::io("create the folder", data_dir))?;
        let data_dir = data_dir.canonicalize().map_err(Error::io("resolve", data_dir))?;
        let cluster = data_dir.join("postgres");
        let of_cluster = fs::symlink_metadata(&cluster).ok().map(|found| found.uid());
        let of_folder = fs::metadata(&data_dir).map_err(Error::io("examine", &data_dir))?.uid();
        let account = Account::to_drop_to(of_cluster.unwrap_or(of_folder))?;
        if account.is_none() {
            Account::check_name()?;
        }
        if let (None, Some(found)) = (&account, of_cluster.filter(|owner| *owner != account::effective_uid()))
        {
            return Err(Error::ForeignOwner { folder: cluster, found, expected: account::effective_uid() });
        }
        let layout = Layout { socket_dir: socket_dir(&data_dir, port), data_dir, port, account };
        layout.let_account_in()?;
        Ok(layout)
    }

    /// Makes a data folder among the temporary ones, which its user has to remove.
    pub(crate) fn temporary(port: u16) -> Result<Layout, Error> {
        let make = |parent: &Path| -> Result<Layout, Error> {
            let folder = tempfile::Builder::new()
                .prefix("calls-postgres-")
                .permissions(fs::Permissions::from_mode(0o700))
                .tempdir_in(parent)
                .map_err(Error::io("create a folder in", parent))?;
            let layout = Layout::prepare(folder.path(), port)?;
            let _ = folder.keep();
            Ok(layout)
        };
        make(&std::env::temp_dir()).or_else(|error| match error {
            // TMPDIR can be a folder of root's.
            Error::Unreachable { .. } => make(Path::new("/tmp")),
            error => Err(error),
        })
    }

    /// A data folder in this one, for a server of the same user. It is made by [`Layout::create`].
    pub(crate) fn beside(&self, name: &str) -> Result<Layout, Error> {
        let data_dir = self.data_dir.join(name);
        let layout = Layout {
            socket_dir: socket_dir(&data_dir, self.port),
            data_dir,
            port: self.port,
            account: self.account.clone(),
        };
        layout.create()?;
        Ok(layout)
    }

    /// Makes the data folder unless it is there.
    pub(crate) fn create(&self) -> Result<(), Error> {
        let mode = if account::is_root() { 0o711 } else { 0o700 };
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .mode(mode)
            .create(&self.data_dir)
            .map_err(Error::io("create the folder", &self.data_dir))
    }

    /// Folder in which an upgrade makes its cluster.
    pub(crate) fn upgraded(&self) -> PathBuf {
        self.data_dir.join("upgrade/postgres")
    }

    /// The connection URL of a database, by the socket.
    pub(crate) fn url(&self, database: &str) -> String {
        let host = url::encoded(self.socket_dir.as_os_str().as_bytes());
        format!("postgresql://{USER}@{host}:{}/{}", self.port, url::encoded(database.as_bytes()))
    }

    /// The cluster itself, what PostgreSQL calls the data directory.
    pub(crate) fn cluster(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }

    /// Temporary folder of a cluster that is being created.
    pub(crate) fn unfinished(&self) -> PathBuf {
        self.data_dir.join("postgres.new")
    }

    /// Locked by everybody who uses the cluster.
    pub(crate) fn users_lock(&self) -> PathBuf {
        self.data_dir.join("users.lock")
    }

    /// Locked by the server, and by what prepares it.
    pub(crate) fn server_lock(&self) -> PathBuf {
        self.data_dir.join("server.lock")
    }

    /// Locked by the one who is just leaving.
    pub(crate) fn leaving_lock(&self) -> PathBuf {
        self.data_dir.join("leaving.lock")
    }

    /// Log file of the server.
    pub(crate) fn log(&self) -> PathBuf {
        self.data_dir.join("postgres.log")
    }

    /// The server's process number and state, written by PostgreSQL.
    pub(crate) fn pid_file(&self) -> PathBuf {
        self.cluster().join("postmaster.pid")
    }

    /// The server's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.socket_dir.join(socket_name(self.port))
    }

    /// The user that owns the cluster and the socket.
    pub(crate) fn server_uid(&self) -> libc::uid_t {
        self.account.as_ref().map_or_else(account::effective_uid, |account| account.uid)
    }

    /// The major version of the cluster; `None` if there is no cluster yet.
    pub(crate) fn version(&self) -> Result<Option<u32>, Error> {
        let path = self.cluster().join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(text) => {
                let major = text.trim().split('.').next().and_then(|major| major.parse().ok());
                let found = || io::Error::other(format!("expected a version, but found {:?}", text.trim()));
                major.map(Some).ok_or_else(|| Error::io("understand", &path)(found()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Makes `folder` (in the data folder) for the server's user alone.
    pub(crate) fn create_for_server(&self, folder: &Path) -> Result<(), Error> {
        DirBuilder::new().mode(0o700).create(folder).map_err(Error::io("create the folder", folder))?;
        match &self.account {
            // Not `chown`: it would follow a link that the owner of the data folder puts there in between.
            Some(account) => lchown(folder, Some(account.uid), Some(account.gid))
                .map_err(Error::io("change the owner of", folder)),
            None => Ok(()),
        }
    }

    /// Makes the socket's folder, or checks the one that is there: mode 0700, owned by the server's user.
    ///
    /// It may be in a place where everybody can create files, and who owns the folder could read all that
    /// passes.
    pub(crate) fn prepare_socket_dir(&self) -> Result<(), Error> {
        let folder = &self.socket_dir;
        match self.create_for_server(folder) {
            Ok(()) => return Ok(()),
            Err(Error::Io { cause, .. }) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let found = fs::symlink_metadata(folder).map_err(Error::io("examine", folder))?;
        if found.uid() != self.server_uid() || !found.is_dir() {
            let expected = self.server_uid();
            return Err(Error::ForeignOwner { folder: folder.clone(), found: found.uid(), expected });
        }
        if found.permissions().mode() & 0o777 != 0o700 {
            let only_owner = fs::Permissions::from_mode(0o700);
            fs::set_permissions(folder, only_owner).map_err(Error::io("change the mode of", folder))?;
        }
        Ok(())
    }

    /// Writes a file that only the server's user can read, and that is not there yet.
    pub(crate) fn write_for_server(&self, path: &Path, content: &[u8]) -> Result<(), Error> {
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(0o600).open(path).map_err(Error::io("create", path))?;
        file.write_all(content).map_err(Error::io("write", path))?;
        match &self.account {
            Some(account) => fchown(&file, Some(account.uid), Some(account.gid))
                .map_err(Error::io("change the owner of", path)),
            None => Ok(()),
        }
    }

    /// Opens the log to append to it, and begins a new one if it has grown large.
    pub(crate) fn open_log(&self) -> Result<File, Error> {
        let path = self.log();
        if fs::symlink_metadata(&path).is_ok_and(|found| found.len() > LOG_LIMIT) {
            fs::rename(&path, self.data_dir.join("postgres.log.1")).map_err(Error::io("rename", &path))?;
        }
        self.open_own(OpenOptions::new().append(true), &path)
    }

    /// The last lines of the log.
    pub(crate) fn log_tail(&self) -> String {
        let text = fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// Opens a file of the data folder, and creates it if needed, for the owner of the folder alone.
    pub(crate) fn open_own(&self, options: &mut OpenOptions, path: &Path) -> Result<File, Error> {
        // `O_NOFOLLOW`: root must not be led elsewhere by the owner of the folder.
        let options = options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
        match options.clone().custom_flags(libc::O_NOFOLLOW | libc::O_CREAT | libc::O_EXCL).open(path) {
            Ok(file) => {
                if account::is_root() {
                    let folder =
                        fs::metadata(&self.data_dir).map_err(Error::io("examine", &self.data_dir))?;
                    fchown(&file, Some(folder.uid()), Some(folder.gid()))
                        .map_err(Error::io("change the owner of", path))?;
                }
                Ok(file)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                options.open(path).map_err(Error::io("open", path))
            }
            Err(error) => Err(Error::io("create", path)(error)),
        }
    }

    /// As root: lets the server's user pass through the data folder, and checks the folders above it.
    fn let_account_in(&self) -> Result<(), Error> {
        let Some(account) = &self.account else { return Ok(()) };
        let found = fs::metadata(&self.data_dir).map_err(Error::io("examine", &self.data_dir))?;
        let mode = found.permissions().mode() & 0o7777;
        if found.uid() == 0 && mode & 0o001 == 0 {
            // Ours, for example from `mktemp -d` (0700). To pass is enough; nobody needs to list or write.
            let passable = fs::Permissions::from_mode(mode | 0o011);
            fs::set_permissions(&self.data_dir, passable)
                .map_err(Error::io("change the mode of", &self.data_dir))?;
        }
        match account.first_closed(&[&self.data_dir])? {
            Some(folder) => Err(Error::Unreachable { folder, user: account.name.clone() }),
            None => Ok(()),
        }
    }
}

/// The socket's folder: in the data folder if clients can use the path as an address, else one in `/tmp`
/// whose name follows from the data folder's path.
///
/// Not `TMPDIR`: it differs between processes that shall meet here.
fn socket_dir(data_dir: &Path, port: u16) -> PathBuf {
    let inside = data_dir.join("socket");
    let longest = size_of::<libc::sockaddr_un>() - std::mem::offset_of!(libc::sockaddr_un, sun_path) - 1;
    // PostgreSQL makes the socket's lock file beside it, but only the socket's own name is limited.
    // A comma separates hosts for libpq, and it has no way to quote one.
    if inside.join(socket_name(port)).as_os_str().len() <= longest
        && !inside.as_os_str().as_bytes().contains(&b',')
    {
        return inside;
    }
    PathBuf::from(format!("/tmp/calls-{:016x}", fnv1a(data_dir.as_os_str().as_bytes())))
}

/// The name of the socket, which libpq derives from the port.
fn socket_name(port: u16) -> String {
    format!(".s.PGSQL.{port}")
}

/// FNV-1a with 64 bits: the same in every process and every version, unlike the standard library's hashes.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_data_folder_holds_the_socket_itself() {
        assert_eq!(socket_dir(Path::new("/var/lib/calls"), PORT), Path::new("/var/lib/calls/socket"));
    }

    #[test]
    fn a_long_data_folder_gets_a_short_socket_folder_that_is_always_the_same() {
        let long = PathBuf::from(format!("/{}", "x".repeat(100)));
        let folder = socket_dir(&long, PORT);
        assert!(folder.starts_with("/tmp"), "{folder:?}");
        assert_eq!(folder, socket_dir(&long, PORT));
        assert_ne!(folder, socket_dir(&long.join("y"), PORT));
    }

    #[test]
    fn a_comma_does_not_get_into_the_address() {
        assert!(socket_dir(Path::new("/srv/a,b"), PORT).starts_with("/tmp"));
    }

    #[test]
    fn fnv1a_gives_the_published_value() {
        // The test vector "foobar" of the FNV reference implementation.
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
