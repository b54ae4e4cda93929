// Package group speaks the membership protocol of Kafka Connect's workers: it
// joins the group, leads it when elected, keeps the membership alive, and tells
// the herder what this worker is to run.
//
// It owns the wire format, the rounds of a rebalance and the time between them.
// It runs nothing itself and never decides what is configured. In assign are the
// decisions of the leader, free of I/O. Start reading at [Member].
package group
