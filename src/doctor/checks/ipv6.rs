//! Whether there is IPv6.

use crate::doctor::{Finding, Sight};
use std::net::{Ipv6Addr, TcpListener};

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let is_there = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    let listens = sight
        .settings()
        .is_some_and(|config| config.listener.host.is_ipv6() || config.admin.enabled && config.admin.host.is_ipv6());
    vec![decide(is_there, listens)]
}

fn decide(is_there: bool, listens: bool) -> Finding {
    match (is_there, listens) {
        (true, _) => Finding::ok("it is there"),
        (false, true) => Finding::problem(
            "it is not there, and the settings listen on it",
            "Set listenerConfig.host to 0.0.0.0, or switch IPv6 on (net.ipv6.conf.all.disable_ipv6=0).",
        ),
        (false, false) => Finding::ok("it is not there: backends are reached by IPv4 alone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn it_is_missed_where_the_settings_need_it() {
        assert_eq!(decide(true, true).verdict, Verdict::Ok);
        assert_eq!(decide(false, false).verdict, Verdict::Ok);
        assert_eq!(decide(false, true).verdict, Verdict::Problem);
    }
}
