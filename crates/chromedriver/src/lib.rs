//! Starts chromedriver, and holds the settings of the Chromium that it starts. For tests and benches of
//! pages.

use std::fs;
use std::io::{BufRead, BufReader, Error, Result};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// A running chromedriver with a profile of its own. Ends with this value.
pub struct Driver {
    process: Child,
    port: u16,
    profile: TempDir,
}

impl Driver {
    /// Starts chromedriver on a free port.
    ///
    /// # Errors
    /// Where chromedriver is not installed, or ends without listening.
    pub fn start() -> Result<Self> {
        let profile = tempfile::tempdir()?;
        // It takes a port that is free for IPv4, and ends if that port is taken for IPv6.
        for _ in 0..5 {
            if let Some((process, port)) = spawn()? {
                return Ok(Self { process, port, profile });
            }
        }
        Err(Error::other("expected chromedriver to report its port, but it ended"))
    }

    /// Port of the WebDriver protocol on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Folder of downloads.
    pub fn downloads(&self) -> PathBuf {
        self.profile.path().join("downloads")
    }

    /// Capabilities of a session with headless Chromium. `arguments` are added to its command line, and
    /// `logging` are the logs that are kept, by their level.
    ///
    /// # Errors
    /// Where the profile cannot be read.
    pub fn capabilities(&self, arguments: &[&str], logging: Value) -> Result<Map<String, Value>> {
        let options = json!({
            "args": command_line(self.profile.path(), arguments)?,
            "prefs": {"download.default_directory": self.downloads()},
        });
        let capabilities = [("goog:chromeOptions", options), ("goog:loggingPrefs", logging)];
        Ok(capabilities.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // chromedriver ends its browser too. Both calls fail only if it has ended already.
        self.process.kill().unwrap_or_default();
        self.process.wait().map(drop).unwrap_or_default();
    }
}

fn spawn() -> Result<Option<(Child, u16)>> {
    let mut process = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| Error::other(format!("chromedriver: {error}; `just setup test` installs it")))?;
    let output = process.stdout.take().ok_or_else(|| Error::other("chromedriver has no output"))?;
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let port = lines.find_map(|line| {
        let (_, port) = line.split_once("successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    match port {
        Some(port) => {
            // Read to the end, or chromedriver stops when the pipe is full.
            std::thread::spawn(move || lines.for_each(drop));
            Ok(Some((process, port)))
        }
        None => process.wait().map(|_| None),
    }
}

fn command_line(profile: &Path, further: &[&str]) -> Result<Vec<String>> {
    let common = [
        "--headless=new",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=en-US",
        "--window-size=1280,900",
    ];
    let mut arguments: Vec<String> = common.iter().chain(further).map(|text| (*text).to_owned()).collect();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    // Chromium's sandbox does not run as root, for example in a container.
    if fs::metadata(profile)?.uid() == 0 {
        arguments.push("--no-sandbox".to_owned());
    }
    Ok(arguments)
}
