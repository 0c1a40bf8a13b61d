using Transport.Epoll.EventLoops;

namespace Transport.Epoll.MicroBench.Support;

/// <summary>A thread that fills a work queue whenever it is told to.</summary>
internal sealed class Producer
{
    private readonly Gate _go = new();
    private readonly WorkQueue _queue;
    private readonly WorkItem _item;
    private readonly int _count;
    private readonly int _processor;
    private volatile bool _stopping;

    public Producer(WorkQueue queue, WorkItem item, int count, int processor)
    {
        _queue = queue;
        _item = item;
        _count = count;
        _processor = processor;
        new Thread(Run) { IsBackground = true, Name = "producer" }.Start();
    }

    /// <summary>Has the thread enqueue its items once.</summary>
    public void Go() => _go.Open();

    public void Stop()
    {
        _stopping = true;
        _go.Open();
    }

    private void Run()
    {
        Processors.Bind(_processor);
        while (_go.TryPass(Timeout.InfiniteTimeSpan) && !_stopping)
        {
            for (int i = 0; i < _count; i++)
            {
                _queue.Enqueue(_item);
            }
        }
    }
}
