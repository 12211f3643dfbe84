package sinks

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// A columnError is a column that does not take what we have for it.
type columnError struct {
	column string
	err    error
}

func (e *columnError) Error() string { return fmt.Sprintf("column %s: %v", e.column, e.err) }
func (e *columnError) Unwrap() error { return e.err }

// What to do about the errors of ClickHouse that no retry mends.
const (
	adviseSchema = "the schema is not the one this whence writes to: apply it with `whence schema`"
	adviseUser   = "check the user name and the password"
	adviseGrant  = "grant the user SELECT and INSERT on the database"
	adviseServer = "the server refuses the statement; is its version supported?"
)

// hopeless are the codes of ClickHouse that mean "never". Whatever is not in here
// may pass, and most of what does is in passing. Giving up on those would only have
// the same rows written again by the next owner of the partition.
var hopeless = map[int32]string{
	10: adviseSchema, // NOT_FOUND_COLUMN_IN_BLOCK
	16: adviseSchema, // NO_SUCH_COLUMN_IN_TABLE
	20: adviseSchema, // NUMBER_OF_COLUMNS_DOESNT_MATCH
	44: adviseSchema, // ILLEGAL_COLUMN
	47: adviseSchema, // UNKNOWN_IDENTIFIER
	50: adviseSchema, // UNKNOWN_TYPE
	53: adviseSchema, // TYPE_MISMATCH
	60: adviseSchema, // UNKNOWN_TABLE
	70: adviseSchema, // CANNOT_CONVERT_TYPE
	81: adviseSchema, // UNKNOWN_DATABASE

	36:  adviseServer, // BAD_ARGUMENTS
	48:  adviseServer, // NOT_IMPLEMENTED
	62:  adviseServer, // SYNTAX_ERROR
	115: adviseServer, // UNKNOWN_SETTING
	190: adviseServer, // SIZES_OF_ARRAYS_DONT_MATCH
	452: adviseServer, // SETTING_CONSTRAINT_VIOLATION

	192: adviseUser, // UNKNOWN_USER
	193: adviseUser, // WRONG_PASSWORD
	194: adviseUser, // REQUIRED_PASSWORD
	516: adviseUser, // AUTHENTICATION_FAILED

	291: adviseGrant, // DATABASE_ACCESS_DENIED
	497: adviseGrant, // ACCESS_DENIED
}

// passing are codes that are no fault of the rows, and what would end them. A user or
// a server that may not write for a while (164, 242) is one of them: operators set
// that for maintenance.
var passing = map[int32]string{
	159: adviseSlow,                                                                                  // TIMEOUT_EXCEEDED
	164: "the user may only read; if that is not for maintenance, change readonly in its profile",    // READONLY
	201: "the user's quota is used up; raise it",                                                     // QUOTA_EXCEEDED
	202: "it is busy with other queries; raise max_concurrent_queries if this stays",                 // TOO_MANY_SIMULTANEOUS_QUERIES
	209: adviseSlow,                                                                                  // SOCKET_TIMEOUT
	210: adviseAway,                                                                                  // NETWORK_ERROR
	241: "it is out of memory; give it more, or lower clickhouse.batch_rows and inserts",             // MEMORY_LIMIT_EXCEEDED
	242: adviseKeeper,                                                                                // TABLE_IS_READ_ONLY
	243: "its disk is full; free some, or shorten clickhouse.keep_days",                              // NOT_ENOUGH_SPACE
	252: "it merges slower than it is written to; look for merges that are stopped, and at its disk", // TOO_MANY_PARTS
	279: adviseAway,                                                                                  // ALL_CONNECTION_TRIES_FAILED
	285: adviseKeeper,                                                                                // TOO_FEW_LIVE_REPLICAS
	319: adviseKeeper,                                                                                // UNKNOWN_STATUS_OF_INSERT
	999: adviseKeeper,                                                                                // KEEPER_EXCEPTION
}

const (
	adviseAway   = "it cannot be reached"
	adviseSlow   = "it did not answer in time; raise clickhouse.insert_timeout if it needs longer"
	adviseKeeper = "replicas are missing or cannot reach Keeper"
)

// code is the code of an answer of ClickHouse, of either client.
func code(err error) (int32, bool) {
	var read *clickhouse.Exception
	var written *ch.Exception
	switch {
	case errors.As(err, &read):
		return read.Code, true
	case errors.As(err, &written):
		return int32(written.Code), true
	}
	return 0, false
}

// permanent reports whether err will come back however often the rows are sent.
func permanent(err error) bool {
	var ce *columnError
	if errors.As(err, &ce) {
		return true
	}
	_, ok := Refused(err)
	return ok
}

// explain says what to do about a permanent error.
func explain(err error) error {
	advice, ok := Refused(err)
	if !ok {
		advice = adviseSchema
	}
	return fmt.Errorf("these rows can never be stored: %s: %w", advice, err)
}

// advise says what a write that is tried again waits for.
func advise(err error) string {
	c, ok := code(err)
	switch advice := passing[c]; {
	case advice != "":
		return advice
	case ok:
		return "it refuses them for now"
	case errors.Is(err, context.DeadlineExceeded):
		return adviseSlow
	}
	return adviseAway
}
