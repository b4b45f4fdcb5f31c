//! The ports of the documentation, and those that stand for them while pages are executed beside each other.

use mgw_fixtures::ports::free_port;

/// The ports that the documentation names, and the variables that move what listens there.
const NAMED: [(&str, &str); 5] = [
    ("9090", "listenerConfig_httpPort"),
    ("9095", "listenerConfig_httpsPort"),
    ("9096", "listenerConfig_tokenListenerPort"),
    ("9797", "adminConfig_port"),
    ("9443", "MGW_SANDBOX_LISTEN"),
];

pub struct Ports {
    free: [u16; NAMED.len()],
}

impl Ports {
    /// Finds ports that nothing listens on.
    pub fn free() -> Self {
        Self {
            free: NAMED.map(|_| free_port()),
        }
    }

    /// A text with the free ports in place of those of the documentation.
    pub fn replaced(&self, text: &str) -> String {
        let mut replaced = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, digits) = rest.split_at(start);
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let (number, after) = digits.split_at(end);
            replaced.push_str(before);
            match NAMED.iter().position(|(named, _)| *named == number) {
                Some(index) => replaced.push_str(&self.free[index].to_string()),
                None => replaced.push_str(number),
            }
            rest = after;
        }
        replaced.push_str(rest);
        replaced
    }

    /// The variables of the environment by which everything listens on the free ports.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let value = |name: &str, port: u16| match name {
            "MGW_SANDBOX_LISTEN" => format!("127.0.0.1:{port}"),
            _ => port.to_string(),
        };
        let free = NAMED.iter().zip(self.free);
        free.map(|((_, name), port)| (*name, value(name, port))).collect()
    }
}

#[test]
fn only_whole_numbers_are_replaced() {
    let ports = Ports { free: [1, 2, 3, 4, 5] };
    assert_eq!(
        ports.replaced("a:9090/9443 19797 9797, 90900 é9095"),
        "a:1/5 19797 4, 90900 é2"
    );
}
