package group

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/connect/config"
	"sluice/internal/kafka"
)

// Sight is a group as it is seen from outside.
type Sight struct {
	State        string // Stable, Empty, Dead, PreparingRebalance, CompletingRebalance
	ProtocolType string // connect; "" while nobody is in it
	Protocol     string // sessioned, compatible, default
	Leader       string // the URL of the leader, "" where it is not known
	Members      []SeenMember
}

// SeenMember is a worker in the group.
type SeenMember struct {
	ClientID, Host, URL string
	ConfigOffset        int64 // how far it has read the config topic
	// Plugins are the classes that it has; nil where it does not say, as Java workers.
	Plugins []string
}

// Look describes the group of the settings, and joins it not. It blocks until the
// coordinator answers or ctx ends.
func Look(ctx context.Context, settings config.Map, log *slog.Logger) (Sight, error) {
	client, err := kafka.NewClient(kafka.Settings{
		Role:   kafka.AdminRole,
		Values: kafka.WorkerSettings(kafka.AdminRole, settings, map[string]string{"client.id": settings["group.id"] + "-doctor"}),
	}, log)
	if err != nil {
		return Sight{}, err
	}
	defer client.Close()
	return describe(ctx, client, settings["group.id"])
}

// describe asks the coordinator.
func describe(ctx context.Context, client *kgo.Client, name string) (Sight, error) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{name}
	resp, err := req.RequestWith(ctx, client)
	if err == nil && len(resp.Groups) != 1 {
		err = fmt.Errorf("the answer is about %d groups", len(resp.Groups))
	}
	if err == nil {
		err = kerr.ErrorForCode(resp.Groups[0].ErrorCode)
	}
	switch {
	case errors.Is(err, kerr.GroupIDNotFound):
		return Sight{State: "Dead"}, nil // so brokers before 4.0 say it
	case err != nil:
		return Sight{}, fmt.Errorf("describe the group %s: %w", name, err)
	}
	g := resp.Groups[0]
	s := Sight{State: g.State, ProtocolType: g.ProtocolType, Protocol: g.Protocol}
	for _, m := range g.Members {
		seen := SeenMember{ClientID: m.ClientID, Host: m.ClientHost}
		if g.ProtocolType == protocolType {
			if said, err := readMetadata(m.ProtocolMetadata); err == nil {
				seen.URL, seen.ConfigOffset, seen.Plugins = said.url, said.configOffset, said.plugins
			}
			if told, err := readAssignment(m.MemberAssignment); err == nil {
				s.Leader = told.leaderURL
			}
		}
		s.Members = append(s.Members, seen)
	}
	slices.SortFunc(s.Members, func(a, b SeenMember) int { return strings.Compare(a.URL+a.ClientID, b.URL+b.ClientID) })
	return s, nil
}
