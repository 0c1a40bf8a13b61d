namespace Transport.Epoll.EventLoops;

/// <summary>An item that goes to the thread pool by itself: an application item that no running loop raised, or what an ended loop has left.</summary>
/// <remarks>Any thread queues it; a pool thread runs it once.</remarks>
internal sealed class PoolItem : IThreadPoolWorkItem
{
    private readonly WorkItem _item;
    private readonly Action<Exception> _onFault;

    private PoolItem(in WorkItem item, Action<Exception> onFault)
    {
        _item = item;
        _onFault = onFault;
    }

    public static void Queue(in WorkItem item, Action<Exception> onFault) => Uninterruptible.QueueToPool(new PoolItem(item, onFault));

    void IThreadPoolWorkItem.Execute()
    {
        if (_item.Owner is null)
        {
            _item.RunForLoop(_onFault);
        }
        else
        {
            _item.RunForOwner();
        }
    }
}
