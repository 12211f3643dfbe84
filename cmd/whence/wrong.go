package main

// A wrongError is wrong usage or configuration: what was asked for can never work
// as it was asked for.
type wrongError struct{ err error }

func (e *wrongError) Error() string { return e.err.Error() }
func (e *wrongError) Unwrap() error { return e.err }

// wrong marks err, if it is one, as an error of usage or configuration.
func wrong(err error) error {
	if err == nil {
		return nil
	}
	return &wrongError{err}
}
