//! What ties a worker to its master: a pair of sockets through which either side connects to the
//! other.

use super::roster::Roster;
use crate::control::ipc;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How a worker says that it serves; its process number follows.
pub const READY: &str = "_send_status READY";
/// How long one side waits for the other's words.
const PATIENCE: Duration = Duration::from_secs(10);

/// The worker's end.
#[derive(Debug)]
pub struct Link {
    pair: OwnedFd,
    /// What was open in the master: `-x` may still need it.
    inherited: Roster,
}

/// A report that the master is reading. The master signals the old process once it has done so.
#[derive(Debug)]
pub struct Report(UnixStream);

impl Link {
    /// The end that the master left to this worker, and what else it had open.
    pub fn new(pair: OwnedFd, inherited: Roster) -> Link {
        Link { pair, inherited }
    }

    /// Tells the master that this process serves. The master's connections come from the
    /// descriptor returned.
    ///
    /// # Errors
    /// When the master is gone.
    pub fn report(self) -> io::Result<(Report, OwnedFd)> {
        // an old worker shall see its master's end, which it could not while this process had it
        drop(self.inherited);
        let mut stream = ipc::connect(&self.pair)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(format!("{READY} {}\n", std::process::id()).as_bytes())?;
        Ok((Report(stream), self.pair))
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        // the answer is an empty line; a master that dies meanwhile is noticed elsewhere
        let _ = self.0.read(&mut [0]);
    }
}

/// Reads a worker's report from a connection that it made; the process number in it.
///
/// # Errors
/// When it is no report.
pub fn read_report(mut stream: UnixStream) -> io::Result<i32> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = Vec::new();
    let mut byte = [0];
    while text.len() < 64 && stream.read(&mut byte)? == 1 && byte != *b"\n" {
        text.extend_from_slice(&byte);
    }
    let number = std::str::from_utf8(&text).ok().and_then(|text| {
        let number = text.strip_prefix(READY)?.trim();
        number.parse().ok()
    });
    let _ = stream.write_all(b"\n");
    number.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reaches_the_master() {
        let (here, there) = UnixStream::pair().unwrap();
        let worker = std::thread::spawn(move || {
            let (report, pair) = Link::new(there.into(), Roster::new().unwrap())
                .report()
                .unwrap();
            drop(report);
            pair
        });
        let stream = ipc::accept(&here).unwrap().unwrap();
        let number = read_report(stream).unwrap();
        assert_eq!(u32::try_from(number).unwrap(), std::process::id());
        worker.join().unwrap();
    }

    #[test]
    fn other_words_are_no_report() {
        let (here, mut there) = UnixStream::pair().unwrap();
        there.write_all(b"show info\n").unwrap();
        assert!(read_report(here).is_err());
    }
}
