package partition

import (
	"strings"
	"time"

	"sluice/connect/config"
	"sluice/connectors/internal/storage"
)

// Default is the class that partitioner.class has where it is not set.
const Default = modern + "DefaultPartitioner"

const (
	modern = "io.confluent.connect.storage.partitioner."
	hdfs   = "io.confluent.connect.hdfs.partitioner."
)

const (
	defaultPartitioner = "DefaultPartitioner"
	fieldPartitioner   = "FieldPartitioner"
	timePartitioner    = "TimeBasedPartitioner"
	dailyPartitioner   = "DailyPartitioner"
	hourlyPartitioner  = "HourlyPartitioner"
)

// Classes returns the classes to recommend.
func Classes() []string {
	classes := kinds()
	for i := range classes {
		classes[i] = modern + classes[i]
	}
	return classes
}

func kinds() []string {
	return []string{defaultPartitioner, hourlyPartitioner, dailyPartitioner, timePartitioner, fieldPartitioner}
}

// kind returns the last part of the name of a class that there is, or "". The
// names of the package that the HDFS connector had of its own count as well.
func kind(class string) string {
	for _, k := range kinds() {
		if class == modern+k || class == hdfs+k {
			return k
		}
	}
	return ""
}

func newPartitioner(s Settings, delim string) (storage.Partitioner, error) {
	switch k := kind(s.Class); k {
	case defaultPartitioner:
		return &byPartition{delim: delim}, nil
	case fieldPartitioner:
		return newByField(s.FieldNames, delim)
	case "":
		return nil, config.InvalidValue(classKey, s.Class, "Sluice has no such partitioner; there are "+strings.Join(Classes(), ", "))
	default:
		if k == dailyPartitioner || k == hourlyPartitioner {
			s.PathFormat = "'year'=YYYY" + delim + "'month'=MM" + delim + "'day'=dd"
			s.Duration = 24 * time.Hour
		}
		if k == hourlyPartitioner {
			s.PathFormat += delim + "'hour'=HH"
			s.Duration = time.Hour
		}
		return newByTime(s, delim)
	}
}
