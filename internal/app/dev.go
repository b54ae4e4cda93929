package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"sluice/connect/config"
	"sluice/internal/kafka/embedded"
)

// DevOptions are the choices of `sluice dev`.
type DevOptions struct {
	Data      string // directory of everything that is kept; made when absent
	KafkaPort int    // of the embedded broker, on 127.0.0.1; 0 takes a free one
	Port      int    // of the REST API, on 127.0.0.1; 0 takes a free one
	Example   string // directory of connector files to create; "" is none
	LogFormat string // text or json
	Out       io.Writer
	Logs      io.Writer
}

// Dev runs an embedded broker and a worker that need nothing else. It blocks
// until ctx ends.
func Dev(ctx context.Context, o DevOptions) error {
	log, levels, err := newLogger(o.Logs, o.LogFormat, nil)
	if err != nil {
		return err
	}
	data, err := filepath.Abs(o.Data)
	if err != nil {
		return fmt.Errorf("data directory %s: %w", o.Data, err)
	}
	broker, err := embedded.Start(ctx, embedded.Config{Dir: filepath.Join(data, "broker"), Port: o.KafkaPort, Log: log})
	if err != nil {
		return err
	}
	defer func() {
		if err := broker.Close(); err != nil {
			log.Error("embedded broker did not close well", "error", err)
		}
	}()
	s := standalone{embedded: true, registry: newRegistry(), workerFile: workerFile{log: log, levels: levels, settings: config.Map{
		"bootstrap.servers":            broker.Addr(),
		"key.converter":                "org.apache.kafka.connect.json.JsonConverter",
		"value.converter":              "org.apache.kafka.connect.json.JsonConverter",
		"offset.storage.file.filename": filepath.Join(data, "connect.offsets"),
		"offset.flush.interval.ms":     "5000",
		"listeners":                    "http://127.0.0.1:" + strconv.Itoa(o.Port),
	}}}
	if s.connectors, err = readExample(o.Example, data); err != nil {
		return err
	}
	s.ready = func(url string) {
		fmt.Fprintf(o.Out, devBanner, url, broker.Addr(), data, url, url, url)
		for _, c := range s.connectors {
			fmt.Fprintf(o.Out, "  running: %s\n", c.name)
		}
		if o.Example != "" {
			fmt.Fprintf(o.Out, "  look:    tail -f %s\n", filepath.Join(data, "*.txt"))
		}
	}
	return s.run(ctx)
}

const devBanner = `Sluice is running. Ctrl-C stops it; the data stays.
  REST:    %s
  Kafka:   %s (embedded, this machine only)
  data:    %s
Try next:
  curl %sconnectors?expand=status
  curl %sconnector-plugins
  curl -X PUT %sconnectors/clickstream/pause
`

// readExample reads the connectors of a directory. ${data} in them stands for
// the data directory.
func readExample(dir, data string) ([]connectorFile, error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("example: %w", err)
	}
	var files []connectorFile
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".json" && ext != ".properties" {
			continue
		}
		c, err := readConnector(filepath.Join(dir, e.Name()), map[string]string{"data": data})
		if err != nil {
			return nil, err
		}
		files = append(files, c)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("example %s holds no connector: .json and .properties files are read", dir)
	}
	return files, nil
}

// Broker runs the embedded broker alone until ctx ends.
func Broker(ctx context.Context, data string, port int, out, logs io.Writer) error {
	log, _, err := newLogger(logs, "", nil)
	if err != nil {
		return err
	}
	broker, err := embedded.Start(ctx, embedded.Config{Dir: data, Port: port, Log: log})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Kafka for trying things: %s, data in %s. Ctrl-C stops it.\n", broker.Addr(), data)
	<-ctx.Done()
	return broker.Close()
}
