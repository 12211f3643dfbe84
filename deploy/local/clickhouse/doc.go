// Package clickhouse runs a real ClickHouse on one machine, without Docker and
// without cgo, for the demo, for trying things out and for tests. It is no way
// to run ClickHouse in production, and it knows nothing of what is stored in it.
//
// The engine is clickhouse-local, from a binary on PATH or from libchdb.so, the
// engine as a library, which is fetched once. Told to listen, it is a full server
// with the native protocol, HTTP and the page /play. Data is kept in a folder and
// survives a kill and a restart. There is one user, "default", without password:
// whoever can reach the ports, which are bound to loopback only, can read and
// write everything, and read files as the user who runs it. Do not run it on a
// machine whose other users you do not trust.
//
// Not there: CREATE USER and GRANT, system.query_log and its like.
package clickhouse
