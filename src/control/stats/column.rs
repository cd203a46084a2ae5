//! Where the columns of the CSV stand (`grammar/statistics.tsv`), by name.

macro_rules! columns {
    ($($name:ident = $at:literal $text:literal;)*) => {
        $(#[doc = $text] pub const $name: usize = $at;)*
        #[cfg(test)]
        const ALL: &[(usize, &str)] = &[$(($at, $text)),*];
    };
}

columns! {
    PXNAME = 0 "pxname";
    SVNAME = 1 "svname";
    QCUR = 2 "qcur";
    QMAX = 3 "qmax";
    SCUR = 4 "scur";
    SMAX = 5 "smax";
    SLIM = 6 "slim";
    STOT = 7 "stot";
    BIN = 8 "bin";
    BOUT = 9 "bout";
    DREQ = 10 "dreq";
    DRESP = 11 "dresp";
    EREQ = 12 "ereq";
    ECON = 13 "econ";
    ERESP = 14 "eresp";
    WRETR = 15 "wretr";
    WREDIS = 16 "wredis";
    STATUS = 17 "status";
    WEIGHT = 18 "weight";
    ACT = 19 "act";
    BCK = 20 "bck";
    CHKFAIL = 21 "chkfail";
    CHKDOWN = 22 "chkdown";
    LASTCHG = 23 "lastchg";
    DOWNTIME = 24 "downtime";
    QLIMIT = 25 "qlimit";
    PID = 26 "pid";
    IID = 27 "iid";
    SID = 28 "sid";
    THROTTLE = 29 "throttle";
    LBTOT = 30 "lbtot";
    TRACKED = 31 "tracked";
    TYPE = 32 "type";
    RATE = 33 "rate";
    RATE_LIM = 34 "rate_lim";
    RATE_MAX = 35 "rate_max";
    CHECK_STATUS = 36 "check_status";
    CHECK_CODE = 37 "check_code";
    CHECK_DURATION = 38 "check_duration";
    HRSP_1XX = 39 "hrsp_1xx";
    HRSP_2XX = 40 "hrsp_2xx";
    HRSP_3XX = 41 "hrsp_3xx";
    HRSP_4XX = 42 "hrsp_4xx";
    HRSP_5XX = 43 "hrsp_5xx";
    HRSP_OTHER = 44 "hrsp_other";
    HANAFAIL = 45 "hanafail";
    REQ_RATE = 46 "req_rate";
    REQ_RATE_MAX = 47 "req_rate_max";
    REQ_TOT = 48 "req_tot";
    CLI_ABRT = 49 "cli_abrt";
    SRV_ABRT = 50 "srv_abrt";
    COMP_IN = 51 "comp_in";
    COMP_OUT = 52 "comp_out";
    COMP_BYP = 53 "comp_byp";
    COMP_RSP = 54 "comp_rsp";
    LASTSESS = 55 "lastsess";
    LAST_CHK = 56 "last_chk";
    LAST_AGT = 57 "last_agt";
    QTIME = 58 "qtime";
    CTIME = 59 "ctime";
    RTIME = 60 "rtime";
    TTIME = 61 "ttime";
    AGENT_STATUS = 62 "agent_status";
    AGENT_CODE = 63 "agent_code";
    AGENT_DURATION = 64 "agent_duration";
    CHECK_DESC = 65 "check_desc";
    AGENT_DESC = 66 "agent_desc";
    CHECK_RISE = 67 "check_rise";
    CHECK_FALL = 68 "check_fall";
    CHECK_HEALTH = 69 "check_health";
    AGENT_RISE = 70 "agent_rise";
    AGENT_FALL = 71 "agent_fall";
    AGENT_HEALTH = 72 "agent_health";
    ADDR = 73 "addr";
    COOKIE = 74 "cookie";
    MODE = 75 "mode";
    ALGO = 76 "algo";
    CONN_RATE = 77 "conn_rate";
    CONN_RATE_MAX = 78 "conn_rate_max";
    CONN_TOT = 79 "conn_tot";
    INTERCEPTED = 80 "intercepted";
    DCON = 81 "dcon";
    DSES = 82 "dses";
    WREW = 83 "wrew";
    CONNECT = 84 "connect";
    REUSE = 85 "reuse";
    CACHE_LOOKUPS = 86 "cache_lookups";
    CACHE_HITS = 87 "cache_hits";
    SRV_ICUR = 88 "srv_icur";
    SRC_ILIM = 89 "src_ilim";
    QTIME_MAX = 90 "qtime_max";
    CTIME_MAX = 91 "ctime_max";
    RTIME_MAX = 92 "rtime_max";
    TTIME_MAX = 93 "ttime_max";
    EINT = 94 "eint";
    IDLE_CONN_CUR = 95 "idle_conn_cur";
    SAFE_CONN_CUR = 96 "safe_conn_cur";
    USED_CONN_CUR = 97 "used_conn_cur";
    NEED_CONN_EST = 98 "need_conn_est";
    UWEIGHT = 99 "uweight";
    SRID = 103 "srid";
    SESS_OTHER = 104 "sess_other";
    H1SESS = 105 "h1sess";
    H2SESS = 106 "h2sess";
    H3SESS = 107 "h3sess";
    REQ_OTHER = 108 "req_other";
    H1REQ = 109 "h1req";
    H2REQ = 110 "h2req";
    H3REQ = 111 "h3req";
    PROTO = 112 "proto";
    PRIV_IDLE_CUR = 113 "priv_idle_cur";
    REQBIN = 114 "reqbin";
    REQBOUT = 115 "reqbout";
    RESBIN = 116 "resbin";
    RESBOUT = 117 "resbout";
    SSL_SESS = 119 "ssl_sess";
    SSL_REUSED_SESS = 120 "ssl_reused_sess";
    SSL_FAILED_HANDSHAKE = 121 "ssl_failed_handshake";
    H2_HEADERS_RCVD = 124 "h2_headers_rcvd";
    H2_DATA_RCVD = 125 "h2_data_rcvd";
    H2_SETTINGS_RCVD = 126 "h2_settings_rcvd";
    H2_RST_STREAM_RCVD = 127 "h2_rst_stream_rcvd";
    H2_GOAWAY_RCVD = 128 "h2_goaway_rcvd";
    H2_DETECTED_CONN_PROTOCOL_ERRORS = 129 "h2_detected_conn_protocol_errors";
    H2_DETECTED_STRM_PROTOCOL_ERRORS = 130 "h2_detected_strm_protocol_errors";
    H2_RST_STREAM_RESP = 131 "h2_rst_stream_resp";
    H2_GOAWAY_RESP = 132 "h2_goaway_resp";
    H2_OPEN_CONNECTIONS = 133 "h2_open_connections";
    H2_BACKEND_OPEN_STREAMS = 134 "h2_backend_open_streams";
    H2_TOTAL_CONNECTIONS = 135 "h2_total_connections";
    H2_BACKEND_TOTAL_STREAMS = 136 "h2_backend_total_streams";
    H1_OPEN_CONNECTIONS = 137 "h1_open_connections";
    H1_OPEN_STREAMS = 138 "h1_open_streams";
    H1_TOTAL_CONNECTIONS = 139 "h1_total_connections";
    H1_TOTAL_STREAMS = 140 "h1_total_streams";
    H1_BYTES_IN = 141 "h1_bytes_in";
    H1_BYTES_OUT = 142 "h1_bytes_out";
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_stand_where_the_table_has_them() {
        let fields = crate::grammar::stat_fields();
        for (at, name) in super::ALL {
            assert_eq!(fields.get(*at).map(|f| f.name), Some(*name));
        }
    }
}
