// Each test builds and starts processes: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
