// Package command is the program sluice: its verbs, flags and exit codes.
//
// A program of your own is a main that calls Main with your plugins; it is then
// sluice with these beside the built-in ones (docs/write-a-connector.md).
package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"sluice/connect/plugin"
	"sluice/internal/app"
)

// The exit codes of Java's connect-standalone and connect-distributed.
const (
	exitUsage     = 1
	exitFailed    = 2 // the worker could not start, or a part of it has failed
	exitConnector = 3 // a connector file could not be started
)

// Main runs the verb of the command line, with plugins beside the built-in ones,
// until it ends or the process is told to stop. Where it fails the process ends
// with one of the exit codes of Java's scripts. An own plugin takes the place of a
// built-in one with its class.
func Main(own ...plugin.Set) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root(app.New(own...)).ExecuteContext(ctx)
	stopped := ctx.Err() != nil
	stop()
	if err == nil || stopped && errors.Is(err, context.Canceled) { // a stop before the start has ended
		return
	}
	fmt.Fprintln(os.Stderr, "sluice:", err)
	os.Exit(exitCode(err))
}

// failure is an error of a command, not of how it was called.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

func exitCode(err error) int {
	if _, ok := errors.AsType[*app.ConnectorError](err); ok {
		return exitConnector
	}
	if _, ok := errors.AsType[failure](err); ok {
		return exitFailed
	}
	return exitUsage
}

// run makes a command of a function.
func run(do func(c *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		if err := do(c, args); err != nil {
			return failure{err}
		}
		return nil
	}
}

func root(p app.Program) *cobra.Command {
	cmd := &cobra.Command{
		Use: "sluice", Short: "A Kafka Connect worker",
		Version: app.Version() + " (Kafka Connect " + app.ConnectVersion + ")", SilenceUsage: true, SilenceErrors: true,
	}
	cmd.AddCommand(dev(p), standalone(p), distributed(p), doctor(p), broker())
	return cmd
}

func dev(p app.Program) *cobra.Command {
	o := app.DevOptions{Out: os.Stdout, Logs: os.Stderr}
	cmd := &cobra.Command{
		Use: "dev", Short: "Run a worker with an embedded Kafka broker", Args: cobra.NoArgs,
		RunE: run(func(c *cobra.Command, _ []string) error { return p.Dev(c.Context(), o) }),
	}
	f := cmd.Flags()
	f.StringVar(&o.Data, "data", "data", "directory of everything that is kept")
	f.IntVar(&o.KafkaPort, "kafka-port", 9092, "port of the embedded broker on 127.0.0.1; 0 takes a free one")
	f.IntVar(&o.Port, "port", 8083, "port of the REST API on 127.0.0.1; 0 takes a free one")
	f.StringVar(&o.Example, "example", "", "directory with connector files to start")
	f.StringVar(&o.LogFormat, "log-format", "text", "text or json")
	return cmd
}

func standalone(p app.Program) *cobra.Command {
	return &cobra.Command{
		Use:   "standalone WORKER.properties [CONNECTOR.properties|CONNECTOR.json ...]",
		Short: "Run one worker that keeps its offsets in a file, as connect-standalone",
		Args:  cobra.MinimumNArgs(1),
		RunE: run(func(c *cobra.Command, args []string) error {
			return p.Standalone(c.Context(), args[0], args[1:], os.Stdout)
		}),
	}
}

func distributed(p app.Program) *cobra.Command {
	return &cobra.Command{
		Use:   "distributed WORKER.properties",
		Short: "Run a worker that shares its work with a group, as connect-distributed",
		Args:  cobra.ExactArgs(1),
		RunE: run(func(c *cobra.Command, args []string) error {
			return p.Distributed(c.Context(), args[0], os.Stdout)
		}),
	}
}

func doctor(p app.Program) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor WORKER.properties",
		Short: "Say what would not work if a worker with this file joined its group; changes nothing",
		Long: "Doctor reads the worker file and the live cluster: the internal topics, the group and its connectors.\n" +
			"It changes nothing and joins nothing. The exit code is 0 only if no problem is found.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.Doctor(c.Context(), args[0], os.Stdout) },
	}
}

func broker() *cobra.Command {
	var data string
	var port int
	cmd := &cobra.Command{
		Use: "broker", Short: "Run the embedded Kafka broker alone, for trying things", Args: cobra.NoArgs,
		RunE: run(func(c *cobra.Command, _ []string) error {
			return app.Broker(c.Context(), data, port, os.Stdout, os.Stderr)
		}),
	}
	cmd.Flags().StringVar(&data, "data", "data/broker", "directory of the broker's data")
	cmd.Flags().IntVar(&port, "port", 9092, "port on 127.0.0.1; 0 takes a free one")
	return cmd
}
