package pipeline

// Stage is a step of a record's way; the names are Java's, since dead letter
// headers and logs show them.
type Stage string

// The stages of Java.
const (
	TaskPoll        Stage = "TASK_POLL"
	TaskPut         Stage = "TASK_PUT"
	Transformation  Stage = "TRANSFORMATION"
	KeyConverter    Stage = "KEY_CONVERTER"
	ValueConverter  Stage = "VALUE_CONVERTER"
	HeaderConverter Stage = "HEADER_CONVERTER"
	KafkaProduce    Stage = "KAFKA_PRODUCE"
	KafkaConsume    Stage = "KAFKA_CONSUME"
)

// Classes that Java names for the stages that belong to no plugin.
const (
	sinkTaskClass         = "org.apache.kafka.connect.sink.SinkTask"
	workerSourceTaskClass = "org.apache.kafka.connect.runtime.WorkerSourceTask"
)

// position is where a record is: what an error in it is put down to.
type position struct {
	stage Stage
	step  int // of Transformation
}
