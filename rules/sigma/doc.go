// Package sigma reads Sigma rules and finds the log lines they match.
//
// A Sigma rule asks about the fields of one log line as its vendor writes them, and
// a chain does not keep those. So a rule is matched when the line is decoded, while
// its bytes are there; that it matched is kept with the event, as a signal, and
// whence's own rules ask for signals. What is alerted then has the whole chain.
//
// The format is that of the Sigma specification, 2.0: detections of maps and lists,
// conditions over them, and modifiers of values. Its parser is sigma-go's; what the
// fields are called in which log, and the matching, is here.
package sigma
