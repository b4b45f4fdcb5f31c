//! Several gateways and a pool, with every message in the hands of the test.

use crate::{Ask, Counter, LeaseTerms, Pool, Reply, Reservation};

pub(super) struct Fleet {
    pub(super) gateways: Vec<Gateway>,
    pub(super) pool: Pool<usize>,
    pub(super) terms: LeaseTerms,
    pub(super) now_ms: u64,
}

pub(super) struct Gateway {
    pub(super) counter: Counter,
    pub(super) admitted: u64,
    message: Message,
}

#[derive(Clone, Copy)]
enum Message {
    None,
    /// The counter is claimed; nothing has been sent.
    Wanted,
    Sent(Ask),
    Answered(Ask, Reply),
}

impl Fleet {
    pub(super) fn new(gateways: usize, limit: u64, window_ms: u64, tolerance: u64, now_ms: u64) -> Self {
        let terms = LeaseTerms {
            gateways: gateways as u64,
            tolerance,
            horizon_ms: 1000,
            idle_ms: 1000,
        };
        let gateway = || Gateway {
            counter: Counter::new(limit, window_ms, now_ms).shared([7; 16], &terms, now_ms),
            admitted: 0,
            message: Message::None,
        };
        Self {
            gateways: (0..gateways).map(|_| gateway()).collect(),
            pool: Pool::default(),
            terms,
            now_ms,
        }
    }

    /// One request at a gateway; returns whether it was admitted.
    pub(super) fn request(&mut self, number: usize) -> bool {
        let gateway = &mut self.gateways[number];
        let admitted = matches!(gateway.counter.acquire(self.now_ms), Reservation::Held(_));
        gateway.admitted += u64::from(admitted);
        if gateway.counter.wants_lease(self.now_ms) {
            gateway.message = Message::Wanted;
        }
        admitted
    }

    /// A gateway reports without having run low.
    pub(super) fn report(&mut self, number: usize) {
        let gateway = &mut self.gateways[number];
        if gateway.counter.claim_lease() {
            gateway.message = Message::Wanted;
        }
    }

    /// Moves a gateway's message one step on its way; returns whether there was one.
    pub(super) fn step(&mut self, number: usize) -> bool {
        let gateway = &mut self.gateways[number];
        let (now, limit) = (self.now_ms, gateway.counter.limit());
        gateway.message = match gateway.message {
            Message::None => return false,
            Message::Wanted => Message::Sent(gateway.counter.ask(now, &self.terms).expect("it is shared")),
            Message::Sent(ask) => Message::Answered(ask, self.pool.settle(number, ask, limit)),
            Message::Answered(ask, reply) => {
                gateway.counter.settle(ask, reply);
                gateway.counter.settled();
                Message::None
            }
        };
        true
    }

    /// Loses a message, whichever way it goes.
    pub(super) fn lose(&mut self, number: usize) {
        let gateway = &mut self.gateways[number];
        if !matches!(gateway.message, Message::None) {
            gateway.message = Message::None;
            gateway.counter.settled();
        }
    }

    /// The task looks at a gateway's idle lease; the pool is told at once.
    pub(super) fn look(&mut self, number: usize) {
        let gateway = &mut self.gateways[number];
        if !gateway.counter.claim_lease() {
            return;
        }
        let limit = gateway.counter.limit();
        if let Some(kept) = gateway.counter.lower_idle(self.now_ms, &self.terms) {
            let ask = gateway.counter.give_back(self.now_ms, kept).expect("it is shared");
            gateway.counter.settle(ask, self.pool.settle(number, ask, limit));
        } else {
            gateway.counter.ask_again(self.now_ms);
        }
        gateway.counter.settled();
    }

    /// Lets every message arrive.
    pub(super) fn deliver(&mut self) {
        for number in 0..self.gateways.len() {
            while self.step(number) {}
        }
    }

    pub(super) fn admitted(&self) -> u64 {
        self.gateways.iter().map(|gateway| gateway.admitted).sum()
    }
}
