// Each test starts the sample as a process of its own, some of them under load: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
