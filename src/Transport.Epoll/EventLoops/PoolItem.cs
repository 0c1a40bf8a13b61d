namespace Transport.Epoll.EventLoops;

/// <summary>An item that goes to the thread pool by itself: an application item that no running loop raised, or what an ended loop has left.</summary>
/// <remarks>Any thread queues it; a pool thread runs it once.</remarks>
internal sealed class PoolItem : IThreadPoolWorkItem
{
    private readonly WorkItem _item;

    private PoolItem(in WorkItem item) => _item = item;

    public static void Queue(in WorkItem item) => Uninterruptible.QueueToPool(new PoolItem(item));

    void IThreadPoolWorkItem.Execute()
    {
        if (_item.Owner is null)
        {
            _item.Callback(_item.State);
        }
        else
        {
            _item.RunForOwner();
        }
    }
}
