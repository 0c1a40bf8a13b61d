namespace Sample.Web.Dashboard;

/// <summary>Starts trials, one at a time for the whole process. Any thread.</summary>
internal sealed class TrialRunner(IHostApplicationLifetime lifetime)
{
    private readonly Lock _lock = new();
    private Trial? _latest;

    /// <summary>The trial that runs, or else the latest one.</summary>
    public TrialState? State
    {
        get
        {
            lock (_lock)
            {
                return _latest?.State;
            }
        }
    }

    /// <summary>Starts a trial unless one runs.</summary>
    /// <returns>The state of the one that runs now, and whether it is the new one.</returns>
    public (TrialState State, bool Started) Start(TrialKind kind, TrialTarget target)
    {
        lock (_lock)
        {
            if (_latest?.State is { Running: true } running)
            {
                return (running, false);
            }

            var trial = new Trial(kind, target);
            _latest = trial;
            _ = trial.RunAsync(lifetime.ApplicationStopping); // reports on itself
            return (trial.State, true);
        }
    }
}
