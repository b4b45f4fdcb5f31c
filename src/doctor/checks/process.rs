//! What the kernel tells of this process and of others, where it does.

use std::fs;
use std::path::Path;

/// The numeric id of the user that this process has the rights of.
pub(super) fn user() -> Option<u32> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    // Real, effective, saved, and that of file systems.
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A number that a file of the kernel holds, alone or first.
pub(super) fn number(path: impl AsRef<Path>) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// The limit of open files: what is now, and what a process may raise it to. `None` for each that has no end.
pub(super) fn open_files() -> Option<(Option<u64>, Option<u64>)> {
    limit_of_open_files(&fs::read_to_string("/proc/self/limits").ok()?)
}

fn limit_of_open_files(limits: &str) -> Option<(Option<u64>, Option<u64>)> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut values = line.split_whitespace().map(|value| value.parse().ok());
    Some((values.next()?, values.next()?))
}

/// Who listens on a TCP port: the command and id of the process, where this user may know.
pub(super) fn listens_on(port: u16) -> Option<(String, u32)> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let sockets: Vec<String> = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| sockets_on(port, &table))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
        .find(|(_, path)| has_open(path, &sockets))
        .map(|(id, path)| {
            let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
            (name.trim().to_owned(), id)
        })
}

fn has_open(process: &Path, sockets: &[String]) -> bool {
    let Ok(descriptors) = fs::read_dir(process.join("fd")) else {
        return false;
    };
    descriptors
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .any(|link| {
            link.to_str()
                .is_some_and(|link| sockets.iter().any(|socket| socket == link))
        })
}

/// The inodes of sockets that listen on a port, in a table of the kernel.
fn sockets_on(port: u16, table: &str) -> Vec<u64> {
    const LISTENS: &str = "0A";
    let listening = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, hex) = fields.get(1)?.rsplit_once(':')?;
        let is_it = u16::from_str_radix(hex, 16).ok()? == port && *fields.get(3)? == LISTENS;
        is_it.then(|| fields.get(9)?.parse().ok())?
    };
    table.lines().skip(1).filter_map(listening).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_the_kernel_are_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
                     0: 0100007F:2382 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0\n   \
                     1: 0100007F:2382 0100007F:E5D8 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 20 4 30 10 -1\n";
        assert_eq!(sockets_on(9090, table), [4711]);
        assert!(sockets_on(9091, table).is_empty());
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 unlimited            files\n";
        assert_eq!(limit_of_open_files(limits), Some((Some(1024), None)));
        assert_eq!(limit_of_open_files(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_very_process_is_found() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(listens_on(port).map(|(_, id)| id), Some(std::process::id()));
        assert!(user().is_some() && open_files().is_some());
    }
}
