using System.IO.Pipelines;

namespace Transport.Epoll.Connections;

/// <summary>
/// The application's end of the input pipe. It says once that the first bytes were consumed: a listener that stops holds on until then,
/// because Kestrel ends connections whose first request it has not parsed.
/// </summary>
/// <remarks>The application's reader, one thread at a time, as with any pipe reader.</remarks>
internal sealed class FirstReadPipeReader(PipeReader inner, EpollConnection connection) : PipeReader
{
    private bool _reported;

    public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => inner.ReadAsync(cancellationToken);

    protected override ValueTask<ReadResult> ReadAtLeastAsyncCore(int minimumSize, CancellationToken cancellationToken)
        => inner.ReadAtLeastAsync(minimumSize, cancellationToken);

    public override void AdvanceTo(SequencePosition consumed)
    {
        inner.AdvanceTo(consumed);
        Report(consumed);
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        inner.AdvanceTo(consumed, examined);
        Report(consumed);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        inner.Complete(exception);
        ReportNow();
    }

    private void Report(SequencePosition consumed)
    {
        // A pipe's first segment starts at index 0, so until something was consumed the index is 0. A consumed end of a segment that was
        // normalised to the start of the next one is missed; the next read then reports.
        // Middleware that put its own transport in front (TLS) consumes no request yet: the bound for silent ones passes, or the connection ends.
        if (!_reported && consumed.GetInteger() != 0)
        {
            connection.Facts.OnConsumed();
            if (!connection.IsWrapped)
            {
                ReportNow();
            }
        }
    }

    private void ReportNow()
    {
        if (!_reported)
        {
            _reported = true;
            connection.OnFirstBytesConsumed();
        }
    }
}
