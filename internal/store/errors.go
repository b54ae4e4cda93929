package store

import "errors"

// ErrNotClaimed is the error of a leader's write without write privileges: Claim
// was not called, or a write failed since, as it does when another worker leads.
var ErrNotClaimed = errors.New("cannot produce to the config topic without claiming write privileges first")
