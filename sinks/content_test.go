package sinks_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"whence/correlate/ledger"
)

// What is hashed is what the package says, column by column, as ClickHouse itself
// has the values.
func TestLedgerContentByHand(t *testing.T) {
	k := newKeeper(t)
	k.write(k.open("raw/0", ledger.Head{}), fullChain(1), bareChain(2))
	rows, err := k.conn.Query(t.Context(), "SELECT name, type FROM system.columns WHERE database = '"+database(t)+"' AND table = 'chains' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	defer rows.Close()
	for rows.Next() {
		var name, typ string
		if err := rows.Scan(&name, &typ); err != nil {
			t.Fatal(err)
		}
		tag := sha256.Sum256([]byte(name))
		value := "`" + name + "`"
		head := fmt.Sprintf("unhex('%x')", tag[:4])
		if strings.HasPrefix(typ, "Array") {
			parts = append(parts, fmt.Sprintf("if(empty(%s), '', concat(%s, %s, arrayStringConcat(arrayMap(x -> %s, %s))))",
				value, head, leb128("length("+value+")"), rowBinary("x", typ), value))
		} else {
			parts = append(parts, fmt.Sprintf("if(%s = defaultValueOfArgumentType(%s), '', concat(%s, %s))", value, value, head, rowBinary(value, typ)))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	q := "SELECT c.id, SHA256(concat(" + strings.Join(parts, ",\n") + ")) = l.content FROM `" + database(t) + "`.chains AS c JOIN `" + database(t) + "`.ledger AS l ON l.chain_id = c.id"
	got, err := k.conn.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	n := 0
	for got.Next() {
		var id string
		var same uint8
		if err := got.Scan(&id, &same); err != nil {
			t.Fatal(err)
		}
		if n++; same != 1 {
			t.Errorf("chain %s: ClickHouse comes to another hash", id)
		}
	}
	if err := got.Err(); err != nil || n != 2 {
		t.Fatalf("%d rows, %v", n, err)
	}
}

// rowBinary is an expression for a value in that format.
func rowBinary(v, typ string) string {
	switch {
	case strings.Contains(typ, "String"):
		return "concat(" + leb128("length("+v+")") + ", toString(" + v + "))"
	case strings.Contains(typ, "DateTime64"):
		v = "toUnixTimestamp64Nano(" + v + ")"
	case typ == "Bool":
		v = "toUInt8(" + v + ")"
	}
	return "concat('', reinterpretAsFixedString(" + v + "))"
}

// leb128 is an expression for a number below 16384 in that format.
func leb128(n string) string {
	return fmt.Sprintf("if(%[1]s < 128, char(%[1]s), char(%[1]s %% 128 + 128, intDiv(%[1]s, 128)))", n)
}
