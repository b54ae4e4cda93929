package partition

import (
	"math"
	"strings"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connectors/internal/storage"
	"sluice/connectors/internal/storage/jodatime"
)

// byTime is the TimeBasedPartitioner: a directory for each span of local time.
type byTime struct {
	delim         string
	duration      int64 // milliseconds
	zone          *time.Location
	format        *jodatime.Format
	extractor     storage.Extractor
	extractorName string

	// start and encoded are those of the last record.
	start   int64
	encoded string
}

func newByTime(s Settings, delim string) (*byTime, error) {
	path := s.PathFormat
	switch {
	case s.Duration <= 0:
		return nil, config.InvalidValue(durationKey, s.Duration.Milliseconds(), "Partition duration needs to be a positive.")
	case blank(path), path == delim:
		return nil, config.InvalidValue(formatKey, path, "Path format cannot be empty.")
	case blank(s.Locale):
		return nil, config.InvalidValue(localeKey, s.Locale, "Locale cannot be empty.")
	case blank(s.Timezone):
		return nil, config.InvalidValue(timezoneKey, s.Timezone, "Timezone cannot be empty.")
	}
	if !blank(delim) {
		path = strings.TrimSuffix(path, delim)
	}
	zone, err := jodatime.Zone(s.Timezone)
	if err != nil {
		return nil, config.InvalidValue(timezoneKey, s.Timezone, err.Error())
	}
	format, err := jodatime.New(path, s.Locale)
	if err != nil {
		return nil, config.InvalidValue(formatKey, path, err.Error())
	}
	p := &byTime{delim: delim, duration: s.Duration.Milliseconds(), zone: zone, format: format, start: math.MinInt64}
	p.extractor, p.extractorName, err = newExtractor(s.Extractor, s.TimestampField)
	return p, err
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

func (p *byTime) Path(topic, encoded string) string { return topic + p.delim + encoded }

func (p *byTime) Extractor() storage.Extractor { return p.extractor }

func (p *byTime) Encode(r *connect.Record, now int64) (string, error) {
	t, err := p.extractor.Timestamp(r, now)
	if err != nil {
		return "", err
	}
	if t == connect.NoTimestamp {
		return "", connect.ClassErrorf(storage.PartitionException,
			"Unable to determine timestamp using timestamp.extractor %s for record: topic %s, partition %d, offset %d",
			p.extractorName, r.Origin.Topic, r.Origin.Partition, r.Origin.Offset)
	}
	start := jodatime.Bucket(p.duration, t, p.zone)
	if start != p.start || p.encoded == "" {
		p.start = start
		p.encoded = string(p.format.Append(nil, time.UnixMilli(start).In(p.zone)))
	}
	return p.encoded, nil
}
