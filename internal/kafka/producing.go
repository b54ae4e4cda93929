package kafka

import (
	"math"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Our values for what nobody set; the measurements are in
// docs/adr/20261123-client-defaults.md.
const (
	defaultBatchBytes      = 1 << 20 // also Java's max.request.size, and below the brokers' message.max.bytes
	defaultLinger          = 5 * time.Millisecond
	defaultBufferedBytes   = 32 << 20
	defaultBufferedRecords = 100_000

	requestOverhead  = 1 << 20 // what a request holds beside its largest batch
	leastBatchBytes  = 512     // the library's
	mostBatchBytes   = 1 << 30
	inFlightForOrder = 5 // the most at which an idempotent producer keeps order
)

func (b *builder) producer() {
	b.idempotence()
	b.batches()
	b.delivery()
	b.compression()
	b.partitioner()
	b.add(kgo.AllowAutoTopicCreation()) // Java's producer always asks; the broker decides
	b.add(kgo.UnknownTopicRetries(-1))  // max.block.ms is without end in Connect
	if id := str(b, "transactional.id"); id != "" {
		b.add(kgo.TransactionalID(id), kgo.TransactionTimeout(millis(b, "transaction.timeout.ms", time.Minute)))
	}
}

// idempotence decides as Java's ProducerConfig does when the user asks for it
// by name. Where he does not, Connect has it off and ours is on, as long as
// every key that he did set can be obeyed with it.
func (b *builder) idempotence() {
	asked, named := get[bool](b, "enable.idempotence")
	acks := str(b, "acks")
	inFlight, limited := get[int64](b, "max.in.flight.requests.per.connection")
	retries, retrying := get[int64](b, "retries")

	allAcks := acks == "" || acks == "all" || acks == "-1"
	never := retrying && retries == 0
	on := asked
	switch {
	case named && asked && !allAcks:
		b.wrong("acks", "give all, or enable.idempotence=false: the idempotent producer needs acks=all")
	case named && asked && never:
		b.wrong("retries", "give 1 or more, or enable.idempotence=false: the idempotent producer needs to retry")
	case named && asked && limited && inFlight > inFlightForOrder:
		b.wrong("max.in.flight.requests.per.connection", "give 5 at most, or enable.idempotence=false")
	case named && asked && limited && inFlight < inFlightForOrder:
		b.warn("configuration key %q for the producer has the value %d: an idempotent producer has up to 5 requests in flight and keeps their order", "max.in.flight.requests.per.connection", inFlight)
	case !named:
		on = allAcks && !never && (!limited || inFlight == inFlightForOrder)
	}
	if !on && str(b, "transactional.id") != "" {
		if named || !allAcks || never {
			b.wrong("transactional.id", "a transactional producer is idempotent: leave enable.idempotence unset or true, acks at all and retries above 0")
			return
		}
		on = true // the limit alone is no reason: order is kept
	}
	b.plan.Idempotent, b.plan.IdempotenceAsked = on, named && asked || str(b, "transactional.id") != ""
	if !on {
		// One request in flight keeps the order over retries.
		b.add(kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(int(number(b, "max.in.flight.requests.per.connection", 1))))
	}
	switch acks {
	case "0":
		b.add(kgo.RequiredAcks(kgo.NoAck()))
	case "1":
		b.add(kgo.RequiredAcks(kgo.LeaderAck()))
	default:
		b.add(kgo.RequiredAcks(kgo.AllISRAcks()))
	}
}

// batches sets the sizes. Java has two limits, batch.size for what is put
// together and max.request.size for one record; the library has one for both.
// So a batch is bounded here, and Producer takes larger records another way.
func (b *builder) batches() {
	request := number(b, "max.request.size", defaultBatchBytes)
	if _, ok := get[int64](b, "max.request.size"); ok {
		request = hold(b, "max.request.size", request, leastBatchBytes, mostBatchBytes-requestOverhead)
	}
	batch := min(request, defaultBatchBytes)
	if size, ok := get[int64](b, "batch.size"); ok {
		batch = min(hold(b, "batch.size", size, leastBatchBytes, mostBatchBytes-requestOverhead), request)
	}
	if str(b, "transactional.id") != "" {
		batch = request // one client only can be in the transaction
	}
	b.plan.BatchBytes, b.plan.RequestBytes = int32(batch), int32(request)
	b.add(kgo.ProducerBatchMaxBytes(b.plan.BatchBytes))
	b.add(kgo.BrokerMaxWriteBytes(int32(max(100<<20, request+requestOverhead))))
	b.add(kgo.ProducerLinger(min(millis(b, "linger.ms", defaultLinger), time.Minute)))
	if ms, ok := get[int64](b, "linger.ms"); ok && ms > time.Minute.Milliseconds() {
		b.warn("configuration key %q for the producer has the value %d and is held to 60000", "linger.ms", ms)
	}

	memory := number(b, "buffer.memory", max(defaultBufferedBytes, 2*request))
	if _, ok := get[int64](b, "buffer.memory"); ok {
		memory = hold(b, "buffer.memory", memory, 1, math.MaxInt)
	}
	b.add(kgo.MaxBufferedBytes(int(memory)), kgo.MaxBufferedRecords(defaultBufferedRecords))
}

// delivery sets how long the client tries. Unset is without end, as Connect's
// Integer.MAX_VALUE of milliseconds is in effect.
func (b *builder) delivery() {
	request := millis(b, "request.timeout.ms", 30*time.Second)
	b.add(kgo.ProduceRequestTimeout(min(max(request, 100*time.Millisecond), msDuration(math.MaxInt32))))
	if n, ok := get[int64](b, "retries"); ok && n < math.MaxInt32 {
		b.add(kgo.RecordRetries(int(n)))
	}
	ms, ok := get[int64](b, "delivery.timeout.ms")
	if !ok || ms == math.MaxInt32 {
		return
	}
	if msDuration(ms) < millis(b, "linger.ms", defaultLinger)+request {
		b.wrong("delivery.timeout.ms", "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms")
		return
	}
	b.add(kgo.RecordDeliveryTimeout(msDuration(hold(b, "delivery.timeout.ms", ms, 1000, math.MaxInt32))))
}

func (b *builder) compression() {
	codec := kgo.NoCompression()
	level := func(c kgo.CompressionCodec, key string, unset int64) kgo.CompressionCodec {
		if n := number(b, key, unset); n != unset {
			return c.WithLevel(int(n))
		}
		return c
	}
	switch str(b, "compression.type") {
	case "gzip":
		codec = level(kgo.GzipCompression(), "compression.gzip.level", -1)
	case "snappy":
		codec = kgo.SnappyCompression()
	case "lz4":
		codec = level(kgo.Lz4Compression(), "compression.lz4.level", 9)
	case "zstd":
		codec = level(kgo.ZstdCompression(), "compression.zstd.level", 3)
	}
	b.add(kgo.ProducerBatchCompression(codec))
}

const (
	javaDefaultPartitioner = "org.apache.kafka.clients.producer.internals.DefaultPartitioner" // of before 4.0
	javaRoundRobin         = "org.apache.kafka.clients.producer.RoundRobinPartitioner"
)

func knownPartitioner(v any) string {
	switch v {
	case "", javaDefaultPartitioner, javaRoundRobin:
		return ""
	}
	return "only the default (leave the key out) and " + javaRoundRobin + " are supported, " + strings.ToLower(noClasses[:1]) + noClasses[1:]
}

// partitioner hashes keys as Java does (murmur2) and gives records without a
// key to one partition for as long as a batch, then to the next.
func (b *builder) partitioner() {
	if str(b, "partitioner.class") == javaRoundRobin {
		b.add(kgo.RecordPartitioner(byRecord(kgo.RoundRobinPartitioner())))
		return
	}
	keys := !boolean(b, "partitioner.ignore.keys", false)
	adaptive := boolean(b, "partitioner.adaptive.partitioning.enable", true)
	b.add(kgo.RecordPartitioner(byRecord(kgo.UniformBytesPartitioner(int(b.plan.BatchBytes), adaptive, keys, nil))))
}
