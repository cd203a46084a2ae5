//! The argument cursor: how keyword handlers read a line's words and report what is wrong.
