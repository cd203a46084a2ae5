//! Where an expression may stand: the 22 columns of HAProxy's list of sample fetches.

use bitflags::bitflags;

bitflags! {
    /// A set of places of evaluation. A fetch is usable at a place if its own set has it; a rule
    /// of a `listen` section stands at two places, and one of them is enough.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Places: u32 {
        /// frontend `tcp-request connection` rule
        const FE_CONNECTION = 1;
        /// frontend `tcp-request session` rule
        const FE_SESSION = 1 << 1;
        /// frontend `tcp-request content` rule
        const FE_REQUEST_CONTENT = 1 << 2;
        /// frontend http-request header rule
        const FE_REQUEST = 1 << 3;
        /// frontend http-request body rule
        const FE_REQUEST_BODY = 1 << 4;
        /// `use_backend` rule
        const FE_SET_BACKEND = 1 << 5;
        /// backend `tcp-request content` rule
        const BE_REQUEST_CONTENT = 1 << 6;
        /// backend http-request header rule
        const BE_REQUEST = 1 << 7;
        /// backend http-request body rule
        const BE_REQUEST_BODY = 1 << 8;
        /// `use-server`, `balance` or `stick match` rule
        const BE_SET_SERVER = 1 << 9;
        /// server source selection
        const BE_SERVER_CONNECT = 1 << 10;
        /// backend `tcp-response content` rule
        const BE_RESPONSE_CONTENT = 1 << 11;
        /// backend http-response header rule
        const BE_RESPONSE = 1 << 12;
        /// backend http-response body rule
        const BE_RESPONSE_BODY = 1 << 13;
        /// `stick store-response` rule
        const BE_STORE = 1 << 14;
        /// frontend `tcp-response content` rule
        const FE_RESPONSE_CONTENT = 1 << 15;
        /// frontend http-response header rule
        const FE_RESPONSE = 1 << 16;
        /// frontend http-response body rule
        const FE_RESPONSE_BODY = 1 << 17;
        /// logs
        const LOG = 1 << 18;
        /// backend `tcp-check` rule
        const CHECK = 1 << 19;
        /// configuration parser
        const CONFIG = 1 << 20;
        /// runtime API
        const CLI = 1 << 21;

        /// Every place: constants.
        const ANYWHERE = (1 << 22) - 1;
        /// Internal states: everywhere but while the configuration is read.
        const INTERNAL = Self::ANYWHERE.bits() & !Self::CONFIG.bits();
        /// The client's connection: everywhere but configuration and runtime API.
        const CLIENT = (1 << 20) - 1;
        /// The front end: not in health checks either.
        const FRONTEND = (1 << 19) - 1;
        /// The client's session (layer 5): not before it is established.
        const SESSION = Self::FRONTEND.bits() & !Self::FE_CONNECTION.bits();
        /// The transaction: from the request's first bytes to the log.
        const TRANSACTION = Self::FRONTEND.bits() & !0b11;
        /// The request's head or buffer.
        const REQUEST = 0b111_1111_1100;
        /// The back end, once chosen.
        const BACKEND = Self::CLIENT.bits() & !0b11_1111;
        /// The server, once chosen.
        const SERVER_CHOSEN = Self::CLIENT.bits() & !0b11_1111_1111;
        /// The server's connection.
        const SERVER_CONNECTION = Self::CLIENT.bits() & !0b111_1111_1111;
        /// The response's head or buffer.
        const RESPONSE = Self::SERVER_CONNECTION.bits() & !Self::LOG.bits();
        /// What passed while the response did: from the choice of the server to the log.
        const TRANSFER = Self::FRONTEND.bits() & !0b1_1111_1111;
        /// A message of either direction.
        const MESSAGE = Self::REQUEST.bits() | Self::RESPONSE.bits();
    }
}

impl Places {
    /// How HAProxy calls the (first) place in its messages.
    pub fn describe(self) -> &'static str {
        const NAMES: [&str; 22] = [
            "frontend tcp-request connection rule",
            "frontend tcp-request session rule",
            "frontend tcp-request content rule",
            "frontend http-request header rule",
            "frontend http-request body rule",
            "frontend use-backend rule",
            "backend tcp-request content rule",
            "backend http-request header rule",
            "backend http-request body rule",
            "backend use-server, balance or stick-match rule",
            "server source selection",
            "backend tcp-response content rule",
            "backend http-response header rule",
            "backend http-response body rule",
            "backend stick-store rule",
            "frontend tcp-response content rule",
            "frontend http-response header rule",
            "frontend http-response body rule",
            "logs",
            "backend tcp-check rule",
            "configuration parser",
            "CLI parser",
        ];
        NAMES
            .get(self.bits().trailing_zeros() as usize)
            .copied()
            .unwrap_or("unknown place")
    }
}
