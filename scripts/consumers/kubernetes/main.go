// Reads one or more YAML documents from standard input into the Go types of Kubernetes and KEDA, strictly: an unknown field is a fault.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	stream "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func read(document []byte) (string, error) {
	var kind meta.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		return "", err
	}
	var into any
	switch kind.APIVersion + " " + kind.Kind {
	case "keda.sh/v1alpha1 ScaledObject":
		into = &keda.ScaledObject{}
	case "autoscaling/v2 HorizontalPodAutoscaler":
		into = &autoscaling.HorizontalPodAutoscaler{}
	case "v1 ConfigMap":
		into = &core.ConfigMap{}
	default:
		return "", fmt.Errorf("no type for %q %q", kind.APIVersion, kind.Kind)
	}
	if err := yaml.UnmarshalStrict(document, into); err != nil {
		return "", err
	}
	switch of := into.(type) {
	case *keda.ScaledObject:
		return fmt.Sprintf("ScaledObject, threshold %s", of.Spec.Triggers[0].Metadata["threshold"]), nil
	case *autoscaling.HorizontalPodAutoscaler:
		return fmt.Sprintf("HorizontalPodAutoscaler, %d metrics", len(of.Spec.Metrics)), nil
	}
	return "ConfigMap", nil
}

func main() {
	documents := stream.NewYAMLReader(bufio.NewReader(os.Stdin))
	for count := 0; ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) && count > 0 {
			return
		}
		if err == nil {
			var told string
			if told, err = read(document); err == nil {
				count++
				fmt.Println(told)
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
