package kafka

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Our values for what nobody set; the measurements are in
// docs/adr/20261123-client-defaults.md.
const (
	defaultFetchBytes          = 50 << 20 // Java's
	defaultFetchPartitionBytes = 4 << 20  // Java has 1 MiB
	defaultFetchWait           = 5 * time.Second
	defaultMaxPollRecords      = 500             // Java's: sinks are written for it
	defaultMaxPollInterval     = 5 * time.Minute // Java's
	defaultSessionTimeout      = 45 * time.Second
	defaultHeartbeat           = 3 * time.Second
)

func (b *builder) consumer() {
	b.plan.MaxPollRecords = int(number(b, "max.poll.records", defaultMaxPollRecords))
	b.plan.MaxPollInterval = millis(b, "max.poll.interval.ms", defaultMaxPollInterval)
	b.fetching()
	b.offsetReset()
	if str(b, "isolation.level") == "read_committed" {
		b.add(kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	if !boolean(b, "check.crcs", true) {
		b.add(kgo.DisableFetchCRCValidation())
	}
	if rack := str(b, "client.rack"); rack != "" {
		b.add(kgo.Rack(rack))
	}
	if boolean(b, "allow.auto.create.topics", true) {
		b.add(kgo.AllowAutoTopicCreation())
	}
	if group := str(b, "group.id"); group != "" {
		b.add(kgo.ConsumerGroup(group), kgo.DisableAutoCommit())
		b.group()
	}
	b.retryTimeout()
}

func (b *builder) fetching() {
	whole := number(b, "fetch.max.bytes", defaultFetchBytes)
	if _, ok := get[int64](b, "fetch.max.bytes"); ok {
		whole = hold(b, "fetch.max.bytes", whole, 1, 1<<30)
	}
	part := number(b, "max.partition.fetch.bytes", defaultFetchPartitionBytes)
	wait := millis(b, "fetch.max.wait.ms", defaultFetchWait)
	if ms, ok := get[int64](b, "fetch.max.wait.ms"); ok {
		wait = msDuration(hold(b, "fetch.max.wait.ms", ms, 10, math.MaxInt32))
	}
	b.add(
		kgo.FetchMaxBytes(int32(whole)),
		kgo.FetchMaxPartitionBytes(int32(part)),
		kgo.FetchMinBytes(int32(number(b, "fetch.min.bytes", 1))),
		kgo.FetchMaxWait(wait),
		// A broker answers with at least one batch, however large.
		kgo.BrokerMaxReadBytes(1<<30),
	)
}

// offsetReset says where a partition without a committed offset begins, and
// where it goes on when its offset is gone. Unset is Java's latest; Connect
// sets earliest.
func (b *builder) offsetReset() {
	policy := cmp.Or(str(b, "auto.offset.reset"), "latest")
	var offset kgo.Offset
	switch {
	case policy == "earliest":
		offset = kgo.NewOffset().AtStart()
	case policy == "latest":
		offset = kgo.NewOffset().AtEnd()
	case policy == "none":
		offset = kgo.NoResetOffset()
	case strings.HasPrefix(policy, "by_duration:"):
		d, err := isoDuration(strings.TrimPrefix(policy, "by_duration:"))
		if err != nil {
			b.wrong("auto.offset.reset", err.Error())
			return
		}
		offset = kgo.NewOffset().AfterMilli(time.Now().Add(-d).UnixMilli())
	default:
		b.wrong("auto.offset.reset", "give earliest, latest, none, or by_duration: with an ISO-8601 duration such as by_duration:P1DT12H")
		return
	}
	b.add(kgo.ConsumeStartOffset(offset), kgo.ConsumeResetOffset(offset))
}

var isoPattern = regexp.MustCompile(`^(?:P)(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,9})?)S)?)?$`)

// isoDuration reads the days, hours, minutes and seconds of an ISO-8601
// duration that is not negative.
func isoDuration(s string) (time.Duration, error) {
	wrong := errors.New("give by_duration: with an ISO-8601 duration of at most 290 years such as by_duration:P1DT12H30M5S")
	m := isoPattern.FindStringSubmatch(s)
	if m == nil || strings.HasSuffix(s, "T") || s == "P" {
		return 0, wrong
	}
	var total float64 // seconds; exact for whole milliseconds up to 290 years
	for i, seconds := range []float64{24 * 3600, 3600, 60, 1} {
		if m[i+1] == "" {
			continue
		}
		n, err := strconv.ParseFloat(m[i+1], 64)
		if err != nil {
			return 0, wrong
		}
		total += n * seconds
	}
	if total > 290*365*24*3600 {
		return 0, wrong
	}
	return time.Duration(total * float64(time.Second)), nil
}

// group sets what belongs to membership.
func (b *builder) group() {
	session := millis(b, "session.timeout.ms", defaultSessionTimeout)
	heartbeat := millis(b, "heartbeat.interval.ms", min(defaultHeartbeat, session/3))
	if ms, ok := get[int64](b, "session.timeout.ms"); ok {
		session = msDuration(hold(b, "session.timeout.ms", ms, 100, math.MaxInt32))
	}
	if heartbeat >= session {
		b.wrong("heartbeat.interval.ms", fmt.Sprintf("give less than session.timeout.ms, which is %d", session.Milliseconds()))
		return
	}
	b.add(
		kgo.SessionTimeout(session),
		kgo.HeartbeatInterval(heartbeat),
		kgo.RebalanceTimeout(max(b.plan.MaxPollInterval, 100*time.Millisecond)), // in Java too the one is the other
	)
	if id := str(b, "group.instance.id"); id != "" {
		b.add(kgo.InstanceID(id))
	}
	if str(b, "group.protocol") == "consumer" {
		b.serverSide()
		return
	}
	if _, ok := b.val["group.remote.assignor"]; ok {
		b.warn("configuration key %q for the consumer has no effect: it needs group.protocol=consumer", "group.remote.assignor")
	}
	b.assignors()
}

// serverSide is KIP-848: the broker assigns and sets the times.
func (b *builder) serverSide() {
	for _, name := range []string{"partition.assignment.strategy", "session.timeout.ms", "heartbeat.interval.ms"} {
		if _, ok := b.val[name]; ok {
			b.wrong(name, "take it out: with group.protocol=consumer the broker decides")
		}
	}
	balancer := kgo.StickyBalancer() // "uniform" to the broker
	if str(b, "group.remote.assignor") == "range" {
		balancer = kgo.RangeBalancer()
	}
	b.add(kgo.Balancers(balancer), kgo.ServerSideBalancer())
}

// assignors keeps Java's default, so that Java's and our members can be in one
// group.
func (b *builder) assignors() {
	names, ok := get[[]string](b, "partition.assignment.strategy")
	if !ok {
		b.add(kgo.Balancers(kgo.RangeBalancer(), kgo.CooperativeStickyBalancer()))
		return
	}
	known := map[string]func() kgo.GroupBalancer{
		"RangeAssignor":             kgo.RangeBalancer,
		"RoundRobinAssignor":        kgo.RoundRobinBalancer,
		"StickyAssignor":            kgo.StickyBalancer,
		"CooperativeStickyAssignor": kgo.CooperativeStickyBalancer,
	}
	var balancers []kgo.GroupBalancer
	for _, name := range names {
		make, ok := known[strings.TrimPrefix(name, "org.apache.kafka.clients.consumer.")]
		if !ok {
			balancers = nil
			break
		}
		balancers = append(balancers, make())
	}
	if balancers == nil {
		b.wrong("partition.assignment.strategy", "give one or more of RangeAssignor, RoundRobinAssignor, StickyAssignor and CooperativeStickyAssignor, each with org.apache.kafka.clients.consumer. before it")
		return
	}
	b.add(kgo.Balancers(balancers...))
}

func (b *builder) admin() {
	if n, ok := get[int64](b, "retries"); ok {
		b.add(kgo.RequestRetries(int(n)))
	}
	b.retryTimeout()
}

// retryTimeout bounds requests by default.api.timeout.ms, except those of the
// group, which the session timeout bounds.
func (b *builder) retryTimeout() {
	limit, ok := get[int64](b, "default.api.timeout.ms")
	if !ok {
		return
	}
	session := millis(b, "session.timeout.ms", defaultSessionTimeout)
	b.add(kgo.RetryTimeoutFn(func(request int16) time.Duration {
		switch kmsg.Key(request) {
		case kmsg.JoinGroup, kmsg.SyncGroup, kmsg.Heartbeat:
			return session
		default:
			return max(msDuration(limit), time.Nanosecond) // 0 is no limit to the library
		}
	}))
}
