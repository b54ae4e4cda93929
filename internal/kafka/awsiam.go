package kafka

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/twmb/franz-go/pkg/kgo"
	mskiam "github.com/twmb/franz-go/pkg/sasl/aws"
)

// awsIAM sets AWS_MSK_IAM with the credentials that the environment, a profile,
// the container or the machine gives, or those of a role.
func (b *builder) awsIAM(options map[string]string) {
	for name := range options {
		switch name {
		case "awsProfileName", "awsRoleArn", "awsRoleSessionName", "awsRoleExternalId", "awsStsRegion", "awsDebugCreds", "awsMaxRetries", "awsMaxBackOffTimeMs":
		default:
			b.wrong("sasl.jaas.config", "option "+name+" is not supported; known are awsProfileName, awsRoleArn, awsRoleSessionName, awsRoleExternalId and awsStsRegion")
			return
		}
	}
	source := sync.OnceValues(func() (aws.CredentialsProvider, error) { return awsCredentials(options) })
	b.add(kgo.SASL(mskiam.ManagedStreamingIAM(func(ctx context.Context) (mskiam.Auth, error) {
		provider, err := source()
		if err != nil {
			return mskiam.Auth{}, err
		}
		c, err := provider.Retrieve(ctx)
		if err != nil {
			return mskiam.Auth{}, fmt.Errorf("get AWS credentials: %w", err)
		}
		return mskiam.Auth{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
	})))
}

// awsCredentials is made once and renews what it gives by itself. It asks
// nobody before it is used.
func awsCredentials(options map[string]string) (aws.CredentialsProvider, error) {
	var load []func(*awsconfig.LoadOptions) error
	if profile := strings.TrimSpace(options["awsProfileName"]); profile != "" {
		load = append(load, awsconfig.WithSharedConfigProfile(profile))
	}
	if region := strings.TrimSpace(options["awsStsRegion"]); region != "" {
		load = append(load, awsconfig.WithRegion(region))
	}
	cfg, err := awsconfig.LoadDefaultConfig(context.Background(), load...) //nolint:forbidigo // It reads files only; the context is kept for nothing.
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	role := strings.TrimSpace(options["awsRoleArn"])
	if role == "" {
		return cfg.Credentials, nil
	}
	return aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role, func(o *stscreds.AssumeRoleOptions) {
		if name := strings.TrimSpace(options["awsRoleSessionName"]); name != "" {
			o.RoleSessionName = name
		}
		if id := strings.TrimSpace(options["awsRoleExternalId"]); id != "" {
			o.ExternalID = &id
		}
	})), nil
}
