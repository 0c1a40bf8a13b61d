using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Deploy;

/// <summary>The manifests of <c>deploy/kubernetes</c>, without a cluster: their fields, what refers to what, and (long) the published schemas.</summary>
public class KubernetesTests
{
    private static readonly List<object> s_objects = KubernetesYaml.LoadAllFromString(DeployFiles.Read("kubernetes/sample-web.yaml"), strict: true);

    private static V1Deployment Deployment => Assert.Single(s_objects.OfType<V1Deployment>());

    private static V1Container Container => Assert.Single(Deployment.Spec.Template.Spec.Containers);

    [Fact]
    public void Fields_AllObjects_AreKnownToTheirKind()
    {
        Assert.Equal(["Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"], s_objects.OfType<IKubernetesObject>().Select(item => item.Kind));
        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString(DeployFiles.Read("kubernetes/sample-web.yaml").Replace("image:", "imag:", StringComparison.Ordinal), strict: true));
    }

    [Fact]
    public void References_BetweenObjects_Resolve()
    {
        var labels = Deployment.Spec.Template.Metadata.Labels;
        var service = Assert.Single(s_objects.OfType<V1Service>());
        var budget = Assert.Single(s_objects.OfType<V1PodDisruptionBudget>());
        var target = Assert.Single(s_objects.OfType<V2HorizontalPodAutoscaler>()).Spec.ScaleTargetRef;

        Assert.All([Deployment.Spec.Selector.MatchLabels, service.Spec.Selector, budget.Spec.Selector.MatchLabels], selector => Assert.Equal(labels, selector));
        Assert.Equal((Deployment.ApiVersion, Deployment.Kind, Deployment.Metadata.Name), (target.ApiVersion, target.Kind, target.Name));
        var port = Assert.Single(Container.Ports).Name;
        Assert.All([Assert.Single(service.Spec.Ports).TargetPort.Value, Container.ReadinessProbe.HttpGet.Port.Value, Container.LivenessProbe.HttpGet.Port.Value], used => Assert.Equal(port, used));
        Assert.All(Container.VolumeMounts, mount => Assert.Contains(Deployment.Spec.Template.Spec.Volumes, volume => volume.Name == mount.Name));
    }

    [Fact]
    public void Stop_Pod_HasTimeForThePreStopAndTheHost()
    {
        var preStop = Container.Lifecycle.PreStop.Sleep.Seconds;
        var hostsTime = new HostOptions().ShutdownTimeout.TotalSeconds;

        Assert.InRange(Deployment.Spec.Template.Spec.TerminationGracePeriodSeconds!.Value, preStop + hostsTime + 5, preStop + hostsTime + 30);
    }

    [Fact]
    public void Scaling_Autoscaler_KeepsTwoReplicasAndHasARequestToMeasureBy()
    {
        var scaler = Assert.Single(s_objects.OfType<V2HorizontalPodAutoscaler>()).Spec;

        Assert.Equal(2, scaler.MinReplicas);
        Assert.Null(Deployment.Spec.Replicas); // or each apply would undo what the autoscaler chose
        Assert.Equal("cpu", Assert.Single(scaler.Metrics).Resource.Name);
        Assert.Contains("cpu", Container.Resources.Requests.Keys);
    }

    [Fact]
    public async Task Probe_ItsPath_IsServed()
    {
        await using var sample = await SampleProcess.StartAsync();
        using var client = sample.CreateClient();

        foreach (var path in new[] { Container.ReadinessProbe.HttpGet.Path, Container.LivenessProbe.HttpGet.Path })
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative)).WithTimeout(Deadline.Long);
            Assert.True(answer.IsSuccessStatusCode, path);
        }
    }

    /// <summary>The npm package has Kubernetes' own OpenAPI schemas, which know what is required; the classes above know what is unknown.</summary>
    [Fact]
    [Trait("Size", "Long")]
    public async Task Schemas_AllObjects_AreValid()
    {
        Tool.Require("npm", "npm");
        using var folder = new ScratchFolder();
        var install = await Tool.RunAsync("npm", ["install", "--no-audit", "--no-fund", "--prefix", folder.File(""), "kubernetes-models@5.1.0", "yaml@2.8.1"], timeout: TimeSpan.FromMinutes(5));
        Assert.True(install.ExitCode == 0, install.Error);
        await File.WriteAllTextAsync(folder.File("check.mjs"), """
            import { readFileSync } from 'node:fs';
            import { parseAllDocuments } from 'yaml';
            for (const document of parseAllDocuments(readFileSync(process.argv[2], 'utf8'))) {
              const object = document.toJSON();
              const models = await import(`kubernetes-models/${object.apiVersion}`);
              new models[object.kind](object).validate();
              console.log(object.kind);
            }
            """);
        var broken = DeployFiles.Read("kubernetes/sample-web.yaml").Replace("maxReplicas: 10", "maxReplicas: ten", StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder.File("broken.yaml"), broken);

        var result = await Tool.RunAsync("node", [folder.File("check.mjs"), DeployFiles.Path("kubernetes/sample-web.yaml")]);
        var refused = await Tool.RunAsync("node", [folder.File("check.mjs"), folder.File("broken.yaml")]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(s_objects.Count, result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("maxReplicas must be integer", refused.Error, StringComparison.Ordinal);
    }
}
