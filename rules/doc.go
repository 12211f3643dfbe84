// Package rules judges chains. A rule is one YAML file: a question about a chain
// as an expression, why it matters, and tests. What it answers depends on the
// chain and on nothing else: no clock, no state, no other chain. It never talks
// to the network and never decides where an alert goes.
package rules
