package sinks

import (
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
// may pass: a full disk, no memory (241), too many parts (252), a table that is
// read-only while Keeper is away (242, 999), a timeout whose outcome is unknown
// (159, 209, 210, 319). Giving up on those would only have the same rows written
// again by the next owner of the partition.
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

	164: adviseGrant, // READONLY, of the user's profile
	291: adviseGrant, // DATABASE_ACCESS_DENIED
	497: adviseGrant, // ACCESS_DENIED
}

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
