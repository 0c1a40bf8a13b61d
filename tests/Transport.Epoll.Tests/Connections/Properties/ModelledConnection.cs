using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Connections.Properties;

/// <summary>
/// A real connection beside its reference, two queues of bytes. What holds whatever happens: each side gets what the other sent, in order, once; FIN on
/// TCP means that nothing is missing; unless somebody cut the connection, nothing is missing at all; and everything ends.
/// </summary>
internal sealed class ModelledConnection(EpollConnection connection, Socket client, bool isUnix)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly ConnectionAbortedException _reason = new("aborted by the scenario");
    private readonly ByteStream _toServer = new("to the server", 0);
    private readonly ModelledClient _client = new(client, new ByteStream("to the client", 1UL << 40), isUnix);
    private readonly PipeReader _input = connection.Transport.Input;
    private readonly PipeWriter _output = connection.Transport.Output;
    private readonly ModelledCancel _readCancel = new("a read");
    private readonly ModelledCancel _flushCancel = new("a flush");

    // Up to here the reader has seen the bytes: only later ones complete a read.
    private long _examined;
    private Task<ReadResult>? _read;
    private Task<FlushResult>? _flush;
    private Task? _disposal;
    private bool _inputEnded;
    private bool _outputCompleted;
    private bool _aborted;
    private bool _cut;

    private bool CanRead => !_inputEnded && _disposal is null;

    private bool IsReadDue => _readCancel.IsDue || _toServer.Put > _examined || _client.HasSentFin;

    public async Task RunAsync(IEnumerable<Step> steps)
    {
        foreach (Step step in steps)
        {
            await RunAsync(step);
        }

        await FinishAsync();
    }

    public override string ToString() => $"{_toServer}; {_client}; {(_cut ? "cut" : "whole")}; {connection.ShutdownReason?.Message}";

    private async Task RunAsync(Step step)
    {
        switch (step.Kind)
        {
            case StepKind.ClientSends:
                _client.Send(_toServer, step.Size, _cut);
                break;
            case StepKind.ClientReceives:
                _client.Receive(step.Size, _cut, _aborted);
                break;
            case StepKind.ServerReads when CanRead:
                await ReadAsync(mustCome: IsReadDue, step.Size, examineAll: false);
                break;
            case StepKind.ServerStartsRead when CanRead && _read is null:
                _read = StartReadAsync();
                ContractBrokenException.Unless(_read.IsCompleted || !_readCancel.IsDue, $"a read waits that was cancelled before: {this}");
                break;
            case StepKind.ServerExamines when CanRead:
                await ReadAsync(mustCome: false, step.Size / 4, examineAll: true);
                break;
            case StepKind.ServerWrites when CanWrite():
                _output.Write(_client.Incoming.Next(step.Size));
                _client.Incoming.Commit(step.Size);
                break;
            case StepKind.ServerFlushes when CanWrite():
                StartFlush();
                break;
            case StepKind.CancelRead when CanRead:
                await CancelReadAsync(step.Size);
                break;
            case StepKind.CancelFlush when !_outputCompleted:
                await CancelFlushAsync();
                break;
            default:
                await EndAsync(step);
                break;
        }
    }

    private async Task EndAsync(Step step)
    {
        switch (step.Kind)
        {
            case StepKind.ClientFin:
                _client.Fin();
                break;
            case StepKind.ClientReset:
                _cut = true;
                _client.Reset();
                await EndPendingReadAsync(step.Size);
                break;
            case StepKind.Abort:
                _cut = _aborted = true;
                connection.Abort(_reason);
                await EndPendingReadAsync(step.Size);
                break;
            case StepKind.CompleteInput when CanRead:
                _cut = _inputEnded = true;
                await _input.CompleteAsync();
                break;
            case StepKind.CompleteOutput when CanWrite():
                _cut = _outputCompleted = true; // nothing more is received then
                await _output.CompleteAsync();
                break;
            case StepKind.Dispose when CanWrite():
                _cut = _outputCompleted = true;
                _disposal = connection.DisposeAsync().AsTask();
                break;
        }
    }

    /// <summary>Everything comes to its end: both sides say that they have no more, and read what there is.</summary>
    private async Task FinishAsync()
    {
        _client.Fin();
        Task receiving = _client.ReceiveAllAsync(() => _cut, () => _aborted);
        while (CanRead)
        {
            await ReadAsync(mustCome: true, int.MaxValue, examineAll: false);
        }

        if (!_cut)
        {
            ContractBrokenException.Unless(_toServer.IsEmpty, $"the reader saw the end too early: {this}");
        }

        if (_flush is not null)
        {
            await InTimeAsync(_flush, "the flush");
        }

        if (CanWrite() && _flushCancel.IsDue)
        {
            StartFlush();
            CanWrite();
        }

        await InTimeAsync(_disposal ?? connection.DisposeAsync().AsTask(), "the disposal");
        if (_read is not null)
        {
            // The reader was completed under it: it ends, in whichever way.
            await InTimeAsync(Task.WhenAny(_read), "the end of the pending read");
        }

        await InTimeAsync(receiving, "the client's end");
        ContractBrokenException.Unless(connection.ConnectionClosed.IsCancellationRequested, "ConnectionClosed has not fired");
        ContractBrokenException.Unless(connection.Descriptor.IsClosed, "the descriptor is open");
        ContractBrokenException.Unless(_cut || _client.Incoming.IsEmpty, $"the client misses something: {this}");
    }

    private async Task ReadAsync(bool mustCome, int consume, bool examineAll)
    {
        ReadResult read;
        try
        {
            if (mustCome || _read is { IsCompleted: true })
            {
                read = await InTimeAsync(_read ??= StartReadAsync(), "the read");
            }
            else if (_read is not null || !_input.TryRead(out read))
            {
                ContractBrokenException.Unless(!_readCancel.IsDue, $"a read finds nothing that was cancelled before: {this}");
                return;
            }
        }
        catch (Exception exception) when (exception is ConnectionAbortedException or ConnectionResetException)
        {
            // A reset; our abort; or that of a pump that ended in order because the output was completed.
            bool isExpected = exception is ConnectionResetException || exception == _reason || _outputCompleted;
            ContractBrokenException.Unless(_cut && isExpected, $"the reader got {exception.Message}: {this}");
            (_read, _inputEnded) = (null, true);
            return;
        }

        _read = null;
        _readCancel.OnResult(read.IsCanceled);
        int consumed = (int)Math.Min(consume, read.Buffer.Length);
        _toServer.Take(read.Buffer.ToArray(), consumed);
        _examined = Math.Max(_examined, examineAll ? _toServer.Taken - consumed + read.Buffer.Length : _toServer.Taken);
        _inputEnded = read.IsCompleted && consumed == read.Buffer.Length;
        ContractBrokenException.Unless(!_inputEnded || _cut || _client.HasSentFin, $"the reader saw an end that nobody made: {this}");
        _input.AdvanceTo(read.Buffer.GetPosition(consumed), examineAll ? read.Buffer.End : read.Buffer.GetPosition(consumed));
    }

    /// <summary>A read that is left alone, perhaps pending. What it throws at once is in the task, too.</summary>
    private async Task<ReadResult> StartReadAsync() => await _input.ReadAsync();

    /// <summary>The connection was cut: a pending read ends, though there is nothing to read.</summary>
    private async Task EndPendingReadAsync(int consume)
    {
        if (_read is not null && CanRead)
        {
            await ReadAsync(mustCome: true, consume, examineAll: false);
        }
    }

    private async Task CancelReadAsync(int consume)
    {
        if (_read is { IsCompleted: true })
        {
            await ReadAsync(mustCome: true, consume, examineAll: false); // what comes now is not for this one
        }

        if (!CanRead)
        {
            return;
        }

        bool isPending = _read is not null;
        _readCancel.Ask(mayBeLate: isPending && (IsReadDue || _cut));
        _input.CancelPendingRead();
        if (isPending)
        {
            await ReadAsync(mustCome: true, consume, examineAll: false);
        }
    }

    private void StartFlush()
    {
        _flush = _output.FlushAsync().AsTask();
        ContractBrokenException.Unless(_flush.IsCompleted || !_flushCancel.IsDue, $"a flush waits that was cancelled before: {this}");
    }

    private async Task CancelFlushAsync()
    {
        bool isPending = !CanWrite();
        _flushCancel.Ask(mayBeLate: isPending);
        _output.CancelPendingFlush();
        if (isPending)
        {
            await InTimeAsync(_flush!, "the cancelled flush");
            CanWrite();
        }
    }

    /// <summary>Whether nothing waits in the output: a pipe takes one flush at a time.</summary>
    private bool CanWrite()
    {
        if (_flush is { IsCompleted: true })
        {
            ContractBrokenException.Unless(_flush.IsCompletedSuccessfully && (_cut || !_flush.Result.IsCompleted), $"a flush failed, or was the last: {this}");
            _flushCancel.OnResult(_flush.Result.IsCanceled);
            _flush = null;
        }

        return !_outputCompleted && _flush is null;
    }

    private async Task InTimeAsync(Task task, string what)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw new ContractBrokenException($"{what} does not come: {this}\n{LoopStates.Dump()}");
        }
    }

    private async Task<T> InTimeAsync<T>(Task<T> task, string what)
    {
        await InTimeAsync((Task)task, what);
        return await task;
    }
}
