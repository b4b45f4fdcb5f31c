//! What a machine says about itself.

use crate::context::Environment;
use std::path::Path;

/// What stands where no interface has an address; five groups, as the control plane knows it.
const NO_ADDRESS: &str = "00:00:00:00:00";

/// What a machine says about itself.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    pub(super) host_name: String,
    pub(super) mac_address: String,
}

impl Machine {
    /// Looks.
    pub(super) fn look() -> Self {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
        let name = name
            .or_else(|_| std::fs::read_to_string("/etc/hostname"))
            .unwrap_or_default();
        let name = name.trim();
        Self {
            host_name: if name.is_empty() { "localhost" } else { name }.to_owned(),
            mac_address: mac_address(Path::new("/sys/class/net")).unwrap_or_else(|| NO_ADDRESS.to_owned()),
        }
    }
}

/// The address of the first interface, by name, that has one.
fn mac_address(interfaces: &Path) -> Option<String> {
    let mut folders: Vec<_> = std::fs::read_dir(interfaces)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    folders.into_iter().find_map(|folder| {
        let address = std::fs::read_to_string(folder.join("address")).ok()?;
        let address = address.trim();
        let is_address = address.len() == 17 && address.bytes().any(|byte| !matches!(byte, b'0' | b':'));
        is_address.then(|| address.to_owned())
    })
}

/// The value of a fact of the environment; `None`: it is unknown, and left out.
pub(super) fn fact(name: &str, environment: &Environment) -> Option<String> {
    let value = match name {
        "os.name" => match std::env::consts::OS {
            "linux" => "Linux".to_owned(),
            other => other.to_owned(),
        },
        "os.arch" => std::env::consts::ARCH.to_owned(),
        "user.name" => environment.get("USER")?.to_owned(),
        name => environment.get(name)?.to_owned(),
    };
    (!value.trim().is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_interface_with_an_address_counts() -> std::io::Result<()> {
        let place = tempfile::tempdir()?;
        assert_eq!(mac_address(place.path()), None);
        for (name, address) in [
            ("lo", "00:00:00:00:00:00\n"),
            ("eth1", "02:42:ac:11:00:08\n"),
            ("eth0", "02:42:ac:11:00:07\n"),
            ("aa", "\n"),
        ] {
            std::fs::create_dir(place.path().join(name))?;
            std::fs::write(place.path().join(name).join("address"), address)?;
        }
        assert_eq!(mac_address(place.path()).as_deref(), Some("02:42:ac:11:00:07"));
        Ok(())
    }
}
