package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"sluice/connect/config"
	"sluice/internal/kafka/embedded"
	"sluice/internal/telemetry"
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

// Dev runs an embedded broker and a worker that need nothing else, and shows
// what moves. It blocks until ctx ends.
func (p Program) Dev(ctx context.Context, o DevOptions) error {
	screen := newScreen(o.Out)
	log, levels, err := newLogger(screen.over(o.Logs), o.LogFormat, nil)
	if err != nil {
		return err
	}
	data, err := filepath.Abs(o.Data)
	if err != nil {
		return fmt.Errorf("data directory %s: %w", o.Data, err)
	}
	example, err := readExample(o.Example, data)
	if err != nil {
		return err
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
	s := standalone{embedded: true, registry: p.registry, connectors: example, workerFile: workerFile{log: log, levels: levels, settings: config.Map{
		"bootstrap.servers":            broker.Addr(),
		"key.converter":                "org.apache.kafka.connect.json.JsonConverter",
		"value.converter":              "org.apache.kafka.connect.json.JsonConverter",
		"offset.storage.file.filename": filepath.Join(data, "connect.offsets"),
		"offset.flush.interval.ms":     "5000",
		"listeners":                    "http://127.0.0.1:" + strconv.Itoa(o.Port),
	}}}
	following, stop := context.WithCancel(ctx)
	var showing sync.WaitGroup
	s.ready = func(url string, metrics *telemetry.Metrics) {
		screen.say("%s", devBanner(url, broker.Addr(), data, s.connectors))
		showing.Go(func() { screen.follow(following, metrics.Moved) })
	}
	err = s.run(ctx)
	stop()
	showing.Wait()
	if err == nil {
		screen.say("Stopped in order. The data is in %s for the next start.\n", data)
	}
	return err
}

// devBanner says what runs, where, and what to try next.
func devBanner(url, bootstrap, data string, running []connectorFile) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Sluice is running. Ctrl-C stops it; the data stays.\n  REST:    %s\n  Kafka:   %s (embedded, this machine only)\n  data:    %s\n", url, bootstrap, data)
	source, file := "", ""
	for _, c := range running {
		class := text(c.config, "connector.class")
		fmt.Fprintf(&b, "  running: %s (%s)\n", c.name, class[strings.LastIndexByte(class, '.')+1:])
		if strings.Contains(class, "Sink") {
			file = cmp.Or(file, text(c.config, "file"))
		} else {
			source = cmp.Or(source, c.name)
		}
	}
	b.WriteString("Try next:\n")
	if file != "" {
		fmt.Fprintf(&b, "  tail -f %s\n", file)
	}
	fmt.Fprintf(&b, "  curl '%sconnectors?expand=status'\n", url)
	switch {
	case source != "":
		fmt.Fprintf(&b, "  curl -X PUT %sconnectors/%s/pause\n", url, source)
	default:
		fmt.Fprintf(&b, "  curl -X PUT -H 'Content-Type: application/json' %sconnectors/users/config -d '%s'\n", url,
			`{"connector.class": "DatagenConnector", "kafka.topic": "users", "quickstart": "users"}`)
	}
	if file == "" {
		fmt.Fprintf(&b, "  curl %sconnector-plugins\n", url)
	}
	return b.String()
}

func text(cfg config.Raw, key string) string {
	if v := cfg[key]; v != nil {
		return *v
	}
	return ""
}

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
