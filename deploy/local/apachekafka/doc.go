// Package apachekafka runs Apache Kafka on one machine, without Docker, so that
// tests can meet the real thing: one broker, or a few that replicate, which can be
// killed and started again one at a time. It is no way to run Kafka in production,
// and nothing of it is in whence itself, which brings no Java.
//
// The jars come from Maven Central by mvn, once, into the user's cache folder; java
// and mvn must be on PATH. Each node is a broker and a controller (KRaft) in a
// process of its own, which ends with ours, however that ends. All ports are bound
// to loopback only, and whoever can reach them can read and write everything.
package apachekafka
