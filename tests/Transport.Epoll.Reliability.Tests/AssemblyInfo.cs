// Each trial has processes under load: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
